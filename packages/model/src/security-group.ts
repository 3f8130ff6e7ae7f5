import type { Declaration } from './declaration.js';
import { problem } from './problem.js';
import type { StandardAttributes } from './resource.js';
import { ruleView } from './security-group-rule.js';
import { isSharedWith } from './sharing.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from './standard-attributes.js';
import { boolean, readOnly, text, type ValueRule } from './value-rule.js';

/** The name of the group that each project has from its first use on, and that only an administrator can remove. */
export const DEFAULT_GROUP_NAME = 'default';

/** A Neutron security group: a set of allowances, and a name for the addresses of the ports in it. */
export type SecurityGroup = StandardAttributes & {
  /** `default` for the project's default group only. */
  readonly name: string;
  /** False: no connection tracking; replies need rules of their own. */
  readonly stateful: boolean;
};

/** What a creation of a security group asks for, decoded. */
export type SecurityGroupDraft = Pick<SecurityGroup, 'project_id' | 'name' | 'description' | 'stateful'>;

/** A name of any characters, but not the one that only default groups have. */
const groupName: ValueRule = {
  ...text(NAME_LENGTH),
  read: (value) => {
    if (typeof value === 'string' && value.toLowerCase() === DEFAULT_GROUP_NAME) return problem('SecurityGroupDefaultAlreadyExists', {});
    return text(NAME_LENGTH).read(value);
  },
};

/** Security groups, declared. Extension: `security-group`. */
export const securityGroupDeclaration: Declaration<'security_group'> = {
  kind: 'security_group',
  collection: 'security_groups',
  path: 'security-groups',
  notFound: 'SecurityGroupNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; `default` is the name of the default group alone.', groupName, ''),
    ...ownerAttributes,
    stateful: {
      ...settable('Whether replies to what is allowed are allowed; all groups of a port are of one sort.', boolean, true),
      isSortKey: false,
    },
    shared: { ...told('Whether it is shared with the project that asks.', boolean), isSortKey: false },
    security_group_rules: { ...told('Its rules, sorted by id.', readOnly({ type: 'array' })), isFilter: false, isSortKey: false },
    ...standardAttributes,
  },
  computed: {
    security_group_rules: (group, state) =>
      state
        .by('security_group_rule.security_group_id', group.id)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map((rule) => ruleView(rule, state)),
    shared: (group, state, actor) => isSharedWith(state, group.id, actor.project_id),
  },
  filters: { ...changedSince },
  indexed: { project_id: 'security_group.project_id' },
};

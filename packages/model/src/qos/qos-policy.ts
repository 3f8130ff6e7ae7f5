import { computedShared, sharedAttribute } from '../access/shared-attribute.js';
import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from '../standard-attributes.js';
import type { StateReader } from '../state-reader.js';
import { boolean, nameText, readOnly } from '../value-rule.js';
import { qosRulesOf, qosRuleType } from './qos-rule-kinds.js';

/** A Neutron QoS policy: a set of rules for the traffic of ports, networks or floating IPs. */
export type QosPolicy = StandardAttributes & {
  readonly name: string;
  /** True: what new networks of the project get unless told; one a project. */
  readonly is_default: boolean;
};

/** What a creation asks for, decoded. */
export type QosPolicyDraft = Pick<QosPolicy, 'project_id' | 'name' | 'description' | 'is_default'> & { readonly shared: boolean };

/** QoS policies, declared. Extensions: `qos`, `qos-default`, `rbac-policies`. */
export const qosPolicyDeclaration: Declaration<'qos_policy'> = {
  kind: 'qos_policy',
  singular: 'policy',
  collection: 'policies',
  path: 'qos/policies',
  notFound: 'QosPolicyNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    ...ownerAttributes,
    shared: sharedAttribute('True: every project may use it. Only an administrator sets it.'),
    is_default: settable('True: new networks of the project get it unless told; one a project.', boolean, false),
    rules: {
      ...told('What it says, by kind; each rule has its own URL below the policy.', readOnly({ type: 'array', items: { type: 'object' } })),
      isFilter: false,
      isSortKey: false,
    },
    ...standardAttributes,
  },
  computed: { shared: computedShared, rules: shownRules },
  filters: { ...changedSince, shared: (policy, wanted, state, actor) => wanted.includes(computedShared(policy, state, actor)) },
  indexed: { project_id: 'qos_policy.project_id' },
};

/** Its rules as a policy's view has them: with their type and the policy's id. */
function shownRules(policy: QosPolicy, state: StateReader): unknown {
  return qosRulesOf(state, policy.id).map(({ kind, rule }) => {
    const { project_id: _owner, description: _text, created_at: _made, updated_at: _changed, revision_number: _revision, ...own } = rule;
    return { ...own, type: qosRuleType(kind) };
  });
}

import type { Declaration } from '../declaration.js';
import type { Derived } from '../derived.js';
import type { StandardAttributes } from '../resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from '../standard-attributes.js';
import { boolean, nameText, oneOf, orNull, text, uuid } from '../value-rule.js';

/** A Neutron logging resource: which accepted or dropped packets to log. */
export type NetworkLog = StandardAttributes & {
  readonly name: string;
  readonly resource_type: 'security_group';
  /** The group; null: every group of the project. */
  readonly resource_id: string | null;
  /** The port; null: every port in the group. */
  readonly target_id: string | null;
  readonly event: 'ALL' | 'ACCEPT' | 'DROP';
  readonly enabled: boolean;
};

/** What a creation asks for, decoded; the type may be one that nothing is logged of. */
export type NetworkLogDraft = Omit<NetworkLog, 'id' | 'created_at' | 'updated_at' | 'revision_number' | 'resource_type'> & {
  readonly resource_type: string;
};

const uuidOrNull = orNull(uuid);

/** Logs, declared. Extension: `logging`. */
export const logDeclaration: Declaration<'log'> = {
  kind: 'log',
  collection: 'logs',
  path: 'log/logs',
  notFound: 'LogResourceNotFound',
  attributes: {
    ...idAttribute,
    ...ownerAttributes,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    resource_type: fixed('What it is about: `security_group`.', text(NAME_LENGTH), undefined),
    resource_id: fixed('The security group; null for every one of the project.', uuidOrNull, null),
    target_id: fixed('The port; null for every one in the group.', uuidOrNull, null),
    event: { ...fixed('Which packets.', oneOf(['ACCEPT', 'DROP', 'ALL']), 'ALL'), isSortKey: false },
    enabled: settable('False: nothing is logged.', boolean, true),
    ...standardAttributes,
  },
  computed: {},
  filters: { ...changedSince },
  indexed: { project_id: 'log.project_id', resource_id: 'log.resource_id', target_id: 'log.target_id' },
};

/** What is said at creation, and stays; required when it has no preset. */
function fixed(
  doc: string,
  rule: (typeof logDeclaration)['attributes'][string]['rule'],
  preset: unknown,
): (typeof logDeclaration)['attributes'][string] {
  return { ...told(doc, rule), onCreate: preset === undefined ? 'required' : 'optional', preset };
}

/** What can be logged. */
export const loggableResources: Derived = {
  name: 'loggable_resource',
  singular: 'loggable_resource',
  collection: 'loggable_resources',
  path: 'log/loggable-resources',
  doc: 'The types of resources whose packets can be logged.',
  key: null,
  attributes: { type: { type: 'string' } },
  notFound: 'Loggable resource {id} could not be found.',
  rows: () => [{ type: 'security_group' }],
};

import type { Declaration } from '../declaration.js';
import { problem } from '../problem.js';
import type { Resource, StandardAttributes } from '../resource.js';
import { idAttribute, ownerAttributes, settable } from '../standard-attributes.js';
import { shown, text, uuid, type ValueRule } from '../value-rule.js';

/** What can be shared. */
export type RbacObjectType = 'network' | 'qos_policy' | 'security_group' | 'address_scope' | 'subnetpool' | 'address_group';

/** What an object is opened for: to be used as one's own, or (networks) for gateways and floating IPs. */
export type RbacAction = 'access_as_shared' | 'access_as_external';

/** Who else than the owner may use an object: Neutron RBAC. */
export type RbacPolicy = StandardAttributes & {
  readonly object_type: RbacObjectType;
  readonly object_id: string;
  readonly action: RbacAction;
  /** A project id, or `*` for everyone. */
  readonly target_project: string;
};

/** What a creation asks for, decoded. */
export type RbacPolicyDraft = Pick<RbacPolicy, 'project_id' | 'object_type' | 'object_id'> & {
  /** Any text: which ones there are depends on the type. */
  readonly action: string;
  readonly target_tenant: string;
};

/** Everything that can be shared; each is a kind of the same name. */
export const RBAC_OBJECT_TYPES: readonly RbacObjectType[] = [
  'address_group',
  'address_scope',
  'network',
  'qos_policy',
  'security_group',
  'subnetpool',
];

/** Project ids are as long as Keystone lets them be. */
const TARGET_LENGTH = 255;

const objectType: ValueRule = {
  schema: { enum: RBAC_OBJECT_TYPES },
  read: (value) => {
    const normal = typeof value === 'string' ? value.trim().toLowerCase() : '';
    return RBAC_OBJECT_TYPES.some((type) => type === normal)
      ? { value: normal }
      : problem('InvalidInput', { error_message: `'${shown(value)}' is not a valid RBAC object type` });
  },
};

const fixed = { onCreate: 'required', onUpdate: 'refused', isSortKey: false } as const;

/** RBAC policies, declared. Extensions: `rbac-policies` and one for each further type. They have no standard attributes in Neutron. */
export const rbacPolicyDeclaration: Declaration<'rbac_policy'> = {
  kind: 'rbac_policy',
  collection: 'rbac_policies',
  path: 'rbac-policies',
  notFound: 'RbacPolicyNotFound',
  attributes: {
    ...idAttribute,
    object_type: { ...settable('What kind of thing is opened.', objectType, undefined), ...fixed },
    object_id: { ...settable('The thing that is opened.', uuid, undefined), ...fixed },
    target_tenant: {
      ...settable('The project that it is opened to, or `*` for every project.', text(TARGET_LENGTH), undefined),
      onCreate: 'required',
      isSortKey: false,
    },
    ...ownerAttributes,
    action: { ...settable('`access_as_shared`, or `access_as_external` for networks.', text(TARGET_LENGTH), undefined), ...fixed },
  },
  computed: { target_tenant: (policy) => policy.target_project },
  filters: { target_tenant: (policy: Resource, wanted) => wanted.includes((policy as RbacPolicy).target_project) },
  indexed: { project_id: 'rbac_policy.project_id', object_id: 'rbac_policy.object_id' },
};

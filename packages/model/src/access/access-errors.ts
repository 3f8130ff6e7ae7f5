import type { ErrorEntry } from '../error-table.js';

/** What the kinds of this folder can refuse; see `ERROR_TABLE`. */
export const ACCESS_ERRORS = {
  RbacPolicyNotFound: { status: 404, message: 'RBAC policy of type unknown with ID {id} not found' },
  RbacPolicyInUse: {
    status: 409,
    message: 'RBAC policy on object {object_id} cannot be removed because other objects depend on it.\nDetails: {details}',
  },
  DuplicateRbacPolicy: { status: 409, message: 'An RBAC policy already exists with those values.' },
  TenantQuotaNotFound: { status: 404, message: 'Quota for tenant {id} could not be found.' },
  QuotaMissingTenant: { status: 400, message: 'Tenant-id was missing from quota request.' },
  AdminRequired: { status: 403, message: 'User does not have admin privileges: {reason}.' },
  TagNotFound: { status: 404, message: 'Tag {tag} could not be found.' },
  DefaultSecurityGroupRuleNotFound: { status: 404, message: 'Default Security Group rule {id} does not exist' },
  DefaultSecurityGroupRuleExists: { status: 409, message: 'Default Security group rule already exists. Rule id is {rule_id}.' },
  DuplicateDefaultSgRuleInPost: { status: 409, message: 'Duplicate Default Security Group Rule in POST.' },
} as const satisfies { readonly [code: string]: ErrorEntry };

import type { IndexTable } from '../indexes.js';
import { grantKey } from '../sharing.js';
import type { AccessResources } from './access-declarations.js';
import { PARENT_GROUP } from './default-security-group-rule.js';

/** What the kinds of this folder are found by. */
export const ACCESS_INDEXES = {
  rbac_policy: {
    'rbac_policy.project_id': (r) => r.project_id,
    'rbac_policy.object_id': (r) => r.object_id,
    /** `network access_as_shared PROJECT`: what of a type is open to a project, or to `*`. */
    'rbac_policy.opening': (r) => `${r.object_type} ${r.action} ${r.target_project}`,
    /** Whether one object is open to one target. */
    'rbac_policy.grant': (r) => grantKey(r.object_id, r.action, r.target_project),
  },
  quota: {
    'quota.project_id': (r) => r.project_id,
  },
  default_security_group_rule: {
    'default_security_group_rule.project_id': (r) => r.project_id,
    'default_security_group_rule.remote_group_id': (r) => (r.remote_group_id === PARENT_GROUP ? '' : (r.remote_group_id ?? '')),
    'default_security_group_rule.remote_address_group_id': (r) => r.remote_address_group_id ?? '',
  },
} as const satisfies Pick<IndexTable, keyof AccessResources>;

import type { Declaration } from '../declaration.js';
import { type DefaultSecurityGroupRule, defaultSecurityGroupRuleDeclaration } from './default-security-group-rule.js';
import { type Quota, quotaDeclaration } from './quota.js';
import { type RbacPolicy, rbacPolicyDeclaration } from './rbac-policy.js';

/** The kinds of this folder. */
export type AccessResources = {
  rbac_policy: RbacPolicy;
  quota: Quota;
  default_security_group_rule: DefaultSecurityGroupRule;
};

/** Their declarations, by kind. */
export const ACCESS_DECLARATIONS: { readonly [K in keyof AccessResources]: Declaration<K> } = {
  rbac_policy: rbacPolicyDeclaration,
  quota: quotaDeclaration,
  default_security_group_rule: defaultSecurityGroupRuleDeclaration,
};

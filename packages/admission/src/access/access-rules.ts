import { notFound, type Problem, problem } from '@manx/model';
import type { ActionRules, KindRules } from '../rules.js';
import { createDefaultRule, deleteDefaultRule } from './default-rule.js';
import { createRbacPolicy, deleteRbacPolicy, updateRbacPolicy } from './rbac-policy.js';

/** What no URL offers. */
const notOffered = (): Problem => problem('HTTPNotFound', {});

/** What may happen to the kinds of this folder. Quotas have commands of their own. */
export const ACCESS_RULES = {
  rbac_policy: { create: createRbacPolicy, update: updateRbacPolicy, remove: deleteRbacPolicy },
  quota: { create: notOffered, update: notOffered, remove: notOffered },
  default_security_group_rule: {
    create: createDefaultRule,
    update: () => notFound('default_security_group_rule', ''),
    remove: deleteDefaultRule,
  },
} as const satisfies { readonly [kind: string]: KindRules };

/** What each of this folder's actions does, by name. */
export const ACCESS_ACTION_RULES: ActionRules = {};

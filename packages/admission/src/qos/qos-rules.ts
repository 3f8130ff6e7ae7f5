import type { ActionRules, KindRules } from '../rules.js';
import { createQosPolicy, deleteQosPolicy, updateQosPolicy } from './qos-policy.js';
import { qosRuleRules } from './qos-rule.js';

/** What may happen to the kinds of this folder. */
export const QOS_RULES = {
  qos_policy: { create: createQosPolicy, update: updateQosPolicy, remove: deleteQosPolicy },
  qos_bandwidth_limit_rule: qosRuleRules('qos_bandwidth_limit_rule'),
  qos_packet_rate_limit_rule: qosRuleRules('qos_packet_rate_limit_rule'),
  qos_dscp_marking_rule: qosRuleRules('qos_dscp_marking_rule'),
  qos_minimum_bandwidth_rule: qosRuleRules('qos_minimum_bandwidth_rule'),
  qos_minimum_packet_rate_rule: qosRuleRules('qos_minimum_packet_rate_rule'),
} as const satisfies { readonly [kind: string]: KindRules };

/** What each of this folder's actions does, by name. */
export const QOS_ACTION_RULES: ActionRules = {};

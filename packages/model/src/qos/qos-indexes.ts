import type { IndexTable } from '../indexes.js';
import type { QosResources } from './qos-declarations.js';

/** What the kinds of this folder are found by. */
export const QOS_INDEXES = {
  qos_policy: {
    'qos_policy.project_id': (r) => r.project_id,
    'qos_policy.default_of': (r) => (r.is_default ? r.project_id : ''),
  },
  qos_bandwidth_limit_rule: {
    'qos_bandwidth_limit_rule.project_id': (r) => r.project_id,
    'qos_bandwidth_limit_rule.qos_policy_id': (r) => r.qos_policy_id,
  },
  qos_packet_rate_limit_rule: {
    'qos_packet_rate_limit_rule.project_id': (r) => r.project_id,
    'qos_packet_rate_limit_rule.qos_policy_id': (r) => r.qos_policy_id,
  },
  qos_dscp_marking_rule: {
    'qos_dscp_marking_rule.project_id': (r) => r.project_id,
    'qos_dscp_marking_rule.qos_policy_id': (r) => r.qos_policy_id,
  },
  qos_minimum_bandwidth_rule: {
    'qos_minimum_bandwidth_rule.project_id': (r) => r.project_id,
    'qos_minimum_bandwidth_rule.qos_policy_id': (r) => r.qos_policy_id,
  },
  qos_minimum_packet_rate_rule: {
    'qos_minimum_packet_rate_rule.project_id': (r) => r.project_id,
    'qos_minimum_packet_rate_rule.qos_policy_id': (r) => r.qos_policy_id,
  },
} as const satisfies Pick<IndexTable, keyof QosResources>;

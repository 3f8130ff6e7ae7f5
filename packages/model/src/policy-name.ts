import type { ResourceKind } from './resource.js';

/** Kinds that the policy's actions call otherwise: `create_policy`, `get_policy_dscp_marking_rule`. */
const OTHERWISE: { readonly [K in ResourceKind]?: string } = {
  qos_policy: 'policy',
  qos_bandwidth_limit_rule: 'policy_bandwidth_limit_rule',
  qos_packet_rate_limit_rule: 'policy_packet_rate_limit_rule',
  qos_dscp_marking_rule: 'policy_dscp_marking_rule',
  qos_minimum_bandwidth_rule: 'policy_minimum_bandwidth_rule',
  qos_minimum_packet_rate_rule: 'policy_minimum_packet_rate_rule',
  port_forwarding: 'floatingip_port_forwarding',
};

/** What the policy's actions call a kind: the word after `create_`. */
export function policyName(kind: ResourceKind): string {
  return OTHERWISE[kind] ?? kind;
}

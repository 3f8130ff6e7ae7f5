import type { QosRuleType } from './qos-rule-kinds.js';

/** What a policy can be put on. */
export type QosTarget = 'port' | 'network' | 'floatingip';

/**
 * Which rules mean something where; a policy with any other is refused there. Hosts enforce limits and marks per port; a network's policy is its
 * ports'. Minimums are told to the scheduler by ports. Of a floating IP hosts limit the bandwidth, as Neutron's routers do.
 */
export const QOS_TARGET_RULES: { readonly [T in QosTarget]: readonly QosRuleType[] } = {
  port: ['bandwidth_limit', 'dscp_marking', 'minimum_bandwidth', 'minimum_packet_rate', 'packet_rate_limit'],
  network: ['bandwidth_limit', 'dscp_marking', 'minimum_bandwidth', 'minimum_packet_rate', 'packet_rate_limit'],
  floatingip: ['bandwidth_limit'],
};

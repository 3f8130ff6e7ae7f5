import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { burst, direction, type QosDirection, qosRuleAttributes, requiredNumber } from './qos-rule-attributes.js';

/** How many packets a port may send or receive. */
export type QosPacketRateLimitRule = StandardAttributes & {
  readonly qos_policy_id: string;
  /** Thousands of packets per second; 0: no limit. */
  readonly max_kpps: number;
  /** Thousands of packets; 0: the host's own choice. */
  readonly max_burst_kpps: number;
  readonly direction: QosDirection;
};

/** Rules, declared. Extension: `qos-pps`. */
export const qosPacketRateLimitRuleDeclaration: Declaration<'qos_packet_rate_limit_rule'> = {
  kind: 'qos_packet_rate_limit_rule',
  singular: 'packet_rate_limit_rule',
  collection: 'packet_rate_limit_rules',
  path: 'packet_rate_limit_rules',
  parent: { kind: 'qos_policy', attribute: 'qos_policy_id' },
  notFound: 'QosRuleNotFound',
  attributes: {
    ...qosRuleAttributes,
    max_kpps: requiredNumber('Thousands of packets per second; 0 for no limit.'),
    max_burst_kpps: burst('Thousands of packets that may go at once; 0 leaves it to the host.'),
    direction: direction(['egress', 'ingress']),
  },
  computed: {},
  filters: {},
  indexed: { qos_policy_id: 'qos_packet_rate_limit_rule.qos_policy_id' },
};

import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { direction, type QosDirection, qosRuleAttributes, requiredNumber } from './qos-rule-attributes.js';

/** What packet rate a port should get at least: said to the scheduler (the port's `resource_request`), not enforced on hosts. */
export type QosMinimumPacketRateRule = StandardAttributes & {
  readonly qos_policy_id: string;
  /** Thousands of packets per second. */
  readonly min_kpps: number;
  readonly direction: QosDirection | 'any';
};

/** Rules, declared. Extension: `qos-pps-minimum`. */
export const qosMinimumPacketRateRuleDeclaration: Declaration<'qos_minimum_packet_rate_rule'> = {
  kind: 'qos_minimum_packet_rate_rule',
  singular: 'minimum_packet_rate_rule',
  collection: 'minimum_packet_rate_rules',
  path: 'minimum_packet_rate_rules',
  parent: { kind: 'qos_policy', attribute: 'qos_policy_id' },
  notFound: 'QosRuleNotFound',
  attributes: {
    ...qosRuleAttributes,
    min_kpps: requiredNumber('Thousands of packets per second that the scheduler is asked for; hosts do not enforce it.'),
    direction: direction(['egress', 'ingress', 'any']),
  },
  computed: {},
  filters: {},
  indexed: { qos_policy_id: 'qos_minimum_packet_rate_rule.qos_policy_id' },
};

import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { direction, type QosDirection, qosRuleAttributes, requiredNumber } from './qos-rule-attributes.js';

/** What a port should get at least: said to the scheduler (the port's `resource_request`), not enforced on hosts. */
export type QosMinimumBandwidthRule = StandardAttributes & {
  readonly qos_policy_id: string;
  /** Kilobits (1,000 bits) per second. */
  readonly min_kbps: number;
  readonly direction: QosDirection;
};

/** Rules, declared. Extensions: `qos`, `qos-bw-minimum-ingress`. */
export const qosMinimumBandwidthRuleDeclaration: Declaration<'qos_minimum_bandwidth_rule'> = {
  kind: 'qos_minimum_bandwidth_rule',
  singular: 'minimum_bandwidth_rule',
  collection: 'minimum_bandwidth_rules',
  path: 'minimum_bandwidth_rules',
  parent: { kind: 'qos_policy', attribute: 'qos_policy_id' },
  notFound: 'QosRuleNotFound',
  attributes: {
    ...qosRuleAttributes,
    min_kbps: requiredNumber('Kilobits (1,000 bits) per second that the scheduler is asked for; hosts do not enforce it.'),
    direction: direction(['egress', 'ingress']),
  },
  computed: {},
  filters: {},
  indexed: { qos_policy_id: 'qos_minimum_bandwidth_rule.qos_policy_id' },
};

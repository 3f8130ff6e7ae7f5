import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { burst, direction, type QosDirection, qosRuleAttributes, requiredNumber } from './qos-rule-attributes.js';

/** How fast a port may send or receive. */
export type QosBandwidthLimitRule = StandardAttributes & {
  readonly qos_policy_id: string;
  /** Kilobits (1,000 bits) per second; 0: no limit. */
  readonly max_kbps: number;
  /** Kilobits; 0: the host's own choice. */
  readonly max_burst_kbps: number;
  readonly direction: QosDirection;
};

/** Rules, declared. Extensions: `qos`, `qos-bw-limit-direction`. */
export const qosBandwidthLimitRuleDeclaration: Declaration<'qos_bandwidth_limit_rule'> = {
  kind: 'qos_bandwidth_limit_rule',
  singular: 'bandwidth_limit_rule',
  collection: 'bandwidth_limit_rules',
  path: 'bandwidth_limit_rules',
  parent: { kind: 'qos_policy', attribute: 'qos_policy_id' },
  notFound: 'QosRuleNotFound',
  attributes: {
    ...qosRuleAttributes,
    max_kbps: requiredNumber('Kilobits (1,000 bits) per second; 0 for no limit.'),
    max_burst_kbps: burst('Kilobits that may go at once; 0 leaves it to the host.'),
    direction: direction(['egress', 'ingress']),
  },
  computed: {},
  filters: {},
  indexed: { qos_policy_id: 'qos_bandwidth_limit_rule.qos_policy_id' },
};

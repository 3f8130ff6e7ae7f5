import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { told } from '../standard-attributes.js';
import { oneOf } from '../value-rule.js';
import { qosRuleAttributes } from './qos-rule-attributes.js';

/** The marks that Neutron knows: class selectors, assured and expedited forwarding (RFC 2474, RFC 2597, RFC 3246). */
export const DSCP_MARKS: readonly number[] = [0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 46, 48, 56];

/** The DSCP mark of what a port sends. */
export type QosDscpMarkingRule = StandardAttributes & {
  readonly qos_policy_id: string;
  /** One of `DSCP_MARKS`. */
  readonly dscp_mark: number;
};

/** Rules, declared. Extension: `qos`. */
export const qosDscpMarkingRuleDeclaration: Declaration<'qos_dscp_marking_rule'> = {
  kind: 'qos_dscp_marking_rule',
  singular: 'dscp_marking_rule',
  collection: 'dscp_marking_rules',
  path: 'dscp_marking_rules',
  parent: { kind: 'qos_policy', attribute: 'qos_policy_id' },
  notFound: 'QosRuleNotFound',
  attributes: {
    ...qosRuleAttributes,
    dscp_mark: { ...told('The mark of what the instance sends.', oneOf(DSCP_MARKS)), onCreate: 'required', onUpdate: 'optional' },
  },
  computed: {},
  filters: {},
  indexed: { qos_policy_id: 'qos_dscp_marking_rule.qos_policy_id' },
};

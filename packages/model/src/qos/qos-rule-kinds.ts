import type { ResourceOf } from '../resource.js';
import type { StateReader } from '../state-reader.js';

/** The kinds of rules, in the order in which policies list them. */
export const QOS_RULE_KINDS = [
  'qos_bandwidth_limit_rule',
  'qos_dscp_marking_rule',
  'qos_minimum_bandwidth_rule',
  'qos_minimum_packet_rate_rule',
  'qos_packet_rate_limit_rule',
] as const;

/** A kind of rule. */
export type QosRuleKind = (typeof QOS_RULE_KINDS)[number];

/** A rule of any kind. */
export type QosRule = ResourceOf[QosRuleKind];

/** What Neutron calls the kind of rule: `bandwidth_limit`. */
export type QosRuleType = 'bandwidth_limit' | 'dscp_marking' | 'minimum_bandwidth' | 'minimum_packet_rate' | 'packet_rate_limit';

/** Neutron's name of a kind of rule. */
export function qosRuleType(kind: QosRuleKind): QosRuleType {
  return kind.slice('qos_'.length, -'_rule'.length) as QosRuleType;
}

/** A rule and of which kind it is. */
export type QosRuleOfKind = { [K in QosRuleKind]: { readonly kind: K; readonly rule: ResourceOf[K] } }[QosRuleKind];

/** Every rule of a policy, by kind, then id. */
export function qosRulesOf(state: StateReader, policyId: string): readonly QosRuleOfKind[] {
  return QOS_RULE_KINDS.flatMap((kind) =>
    [...state.by(`${kind}.qos_policy_id`, policyId)]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((rule) => ({ kind, rule }) as unknown as QosRuleOfKind),
  );
}

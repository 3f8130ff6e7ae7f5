import type { Declaration } from '../declaration.js';
import { type QosBandwidthLimitRule, qosBandwidthLimitRuleDeclaration } from './qos-bandwidth-limit-rule.js';
import { type QosDscpMarkingRule, qosDscpMarkingRuleDeclaration } from './qos-dscp-marking-rule.js';
import { type QosMinimumBandwidthRule, qosMinimumBandwidthRuleDeclaration } from './qos-minimum-bandwidth-rule.js';
import { type QosMinimumPacketRateRule, qosMinimumPacketRateRuleDeclaration } from './qos-minimum-packet-rate-rule.js';
import { type QosPacketRateLimitRule, qosPacketRateLimitRuleDeclaration } from './qos-packet-rate-limit-rule.js';
import { type QosPolicy, qosPolicyDeclaration } from './qos-policy.js';

/** The kinds of this folder. */
export type QosResources = {
  qos_policy: QosPolicy;
  qos_bandwidth_limit_rule: QosBandwidthLimitRule;
  qos_packet_rate_limit_rule: QosPacketRateLimitRule;
  qos_dscp_marking_rule: QosDscpMarkingRule;
  qos_minimum_bandwidth_rule: QosMinimumBandwidthRule;
  qos_minimum_packet_rate_rule: QosMinimumPacketRateRule;
};

/** Their declarations, by kind. */
export const QOS_DECLARATIONS: { readonly [K in keyof QosResources]: Declaration<K> } = {
  qos_policy: qosPolicyDeclaration,
  qos_bandwidth_limit_rule: qosBandwidthLimitRuleDeclaration,
  qos_packet_rate_limit_rule: qosPacketRateLimitRuleDeclaration,
  qos_dscp_marking_rule: qosDscpMarkingRuleDeclaration,
  qos_minimum_bandwidth_rule: qosMinimumBandwidthRuleDeclaration,
  qos_minimum_packet_rate_rule: qosMinimumPacketRateRuleDeclaration,
};

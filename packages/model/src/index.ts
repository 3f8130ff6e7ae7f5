/** Neutron resources declared once: types, attributes, bodies, queries, views, errors; and the state that holds them. */

export { type DefaultSecurityGroupRule, type DefaultSecurityGroupRuleDraft, PARENT_GROUP } from './access/default-security-group-rule.js';
export {
  DEFAULT_QUOTAS,
  decodeQuota,
  QUOTA_RESOURCES,
  type Quota,
  type QuotaLimits,
  type QuotaResource,
  type QuotaUpdate,
  quotaLimits,
  quotaUsage,
} from './access/quota.js';
export { RBAC_OBJECT_TYPES, type RbacAction, type RbacObjectType, type RbacPolicy, type RbacPolicyDraft } from './access/rbac-policy.js';
export { type Action } from './action.js';
export { ACTIONS, actionOf } from './actions.js';
export { type Actor, SERVER_ACTOR, SERVICE_ROLE } from './actor.js';
export { type AddressPairWish, duplicatePair, pairCidr } from './address-pair-rule.js';
export { normalizedCidr } from './address-rules.js';
export type { AddressGroup, AddressGroupDraft } from './addressing/address-group.js';
export type { AddressScope, AddressScopeDraft } from './addressing/address-scope.js';
export type { AutoAllocatedTopology } from './addressing/auto-allocated-topology.js';
export type { Segment, SegmentDraft } from './addressing/segment.js';
export type { SubnetPool, SubnetPoolDraft } from './addressing/subnet-pool.js';
export { applyChanges } from './apply-changes.js';
export { attributeValue } from './attribute-value.js';
export {
  buildCloud,
  type CloudSpec,
  cloudChanges,
  EXAMPLE_PROJECT,
  idOf,
  type NetworkSpec,
  type PortSpec,
  type RuleSpec,
} from './build-cloud.js';
export { type Change, type Commit, type PutOf, put, type Revision } from './commit.js';
export type { Attribute, Attributes, Declaration, FilterTest } from './declaration.js';
export { DECLARATIONS, declarationOf, singularOf } from './declarations.js';
export { BULK_LIMIT, type DecodedCreate, decodeCreate, decodeUpdate } from './decode-body.js';
export { COLLECTIONS, DERIVED, type Derived, type Facts, type HostFact, type HostReportFact, type Row } from './derived.js';
export { type ExtraDhcpOptionWish, optionKey } from './dhcp-option-rule.js';
export { BOOT_SERVERS_V6, BOOT_URL_V6, type DhcpOption, type DhcpOptionKind, dhcpOption } from './dhcp-options.js';
export { type DnsAssignment, dnsAssignment } from './dns-assignment.js';
export { DEFAULT_DNS_DOMAIN, dnsDomain, dnsName } from './dns-rules.js';
export { ERROR_TABLE, type ErrorCode, type ErrorEntry } from './error-table.js';
export { EXAMPLE_CLOUDS, OTHER_PROJECT } from './example-clouds.js';
export { EXTENSIONS, type Extension } from './extensions.js';
export { INDEXES, type IndexKind, type IndexName } from './indexes.js';
export { IP_PROTOCOLS, PORT_PROTOCOLS, protocolNumber } from './ip-protocols.js';
export { type ListContext, list } from './list.js';
export { type Network, type NetworkDraft } from './network.js';
export { notFound } from './not-found.js';
export type { Agent } from './operations/agent.js';
export { AVAILABILITY_ZONE, agents } from './operations/agents.js';
export type { BgpPeer, BgpPeerDraft } from './operations/bgp-peer.js';
export type { BgpSpeaker, BgpSpeakerDraft } from './operations/bgp-speaker.js';
export type { NetworkLog, NetworkLogDraft } from './operations/log.js';
export { awaitedAt, migratingTo, runsAt } from './operations/migration.js';
export { BINDING_SCHEMA, type BindingView, bindingsOf, decodeBinding, type PortBinding } from './operations/port-binding.js';
export { announcedPrefixes, isAnnouncingAll, isSomeHostShared, isSpokenForBy } from './operations/speaking.js';
export { type AnsweredPage, type PageLink, pageLinks } from './page-links.js';
export { policyName } from './policy-name.js';
export { type Asking, itemTarget, resourceTarget } from './policy-target.js';
export type {
  AddressPair,
  ClaimedAddress,
  ExtraDhcpOption,
  FixedIp,
  FixedIpWish,
  IpAllocation,
  Port,
  PortDraft,
  PortStatus,
  PortVisit,
  VifType,
} from './port.js';
export { badRequest, type ErrorAnswer, type ErrorParameters, errorAnswer, isProblem, type Problem, problem } from './problem.js';
export type { QosBandwidthLimitRule } from './qos/qos-bandwidth-limit-rule.js';
export type { QosDscpMarkingRule } from './qos/qos-dscp-marking-rule.js';
export type { QosMinimumBandwidthRule } from './qos/qos-minimum-bandwidth-rule.js';
export type { QosMinimumPacketRateRule } from './qos/qos-minimum-packet-rate-rule.js';
export type { QosPacketRateLimitRule } from './qos/qos-packet-rate-limit-rule.js';
export type { QosPolicy, QosPolicyDraft } from './qos/qos-policy.js';
export { defaultQosPolicyOf, effectiveQosPolicyOf } from './qos/qos-policy-of.js';
export {
  QOS_RULE_KINDS,
  type QosRule,
  type QosRuleKind,
  type QosRuleOfKind,
  type QosRuleType,
  qosRulesOf,
  qosRuleType,
} from './qos/qos-rule-kinds.js';
export { QOS_TARGET_RULES, type QosTarget } from './qos/qos-targets.js';
export { resourceRequest } from './qos/resource-request.js';
export { EVERYTHING, parseLimit, parseQuery, type Query, type SortKey } from './query.js';
export { RESOURCE_KINDS, type Resource, type ResourceKind, type ResourceOf, type StandardAttributes } from './resource.js';
export { type FloatingIp, type FloatingIpDraft, type FloatingIpUpdate, floatingIpStatus } from './routing/floating-ip.js';
export type { GatewayWish } from './routing/gateway-info.js';
export type { ForwardedProtocol, PortForwarding, PortForwardingDraft } from './routing/port-forwarding.js';
export type { PortRange } from './routing/port-range.js';
export type { ExtraRoute, Router, RouterDraft, RouterUpdate } from './routing/router.js';
export type { InterfaceWish } from './routing/routing-actions.js';
export { DEFAULT_GROUP_NAME, type SecurityGroup, type SecurityGroupDraft } from './security-group.js';
export type { SecurityGroupRule, SecurityGroupRuleDraft } from './security-group-rule.js';
export { SharedValues } from './shared-values.js';
export { EVERYONE, isOpenTo, isSharedWith, openedTo } from './sharing.js';
export { State } from './state.js';
export type { StateReader } from './state-reader.js';
export type { AllocationPool, HostRoute, Ipv6ModeName, Subnet, SubnetDraft } from './subnet.js';
export { checkTag, decodeTags, readTags, TAG_LIMIT, TAGGED_KINDS } from './tags.js';
export type { ReadValue, ValueRule } from './value-rule.js';
export { type Shown, shownAttributes, type View, type ViewContext, view, viewer } from './view.js';
export { judgementOf, type Viewpoint } from './viewpoint.js';
export { isVisible } from './visibility.js';
export { watchReads } from './watch-reads.js';

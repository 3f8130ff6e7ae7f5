/** What one host must do: its shape, its order, its changes, its reading and writing, and its meaning for a flow. */

export { AddressHolders } from './address-holders.js';
export { announcedOf } from './announced.js';
export { applyDelta, changeMembers, emptyHostState, type MemberChange } from './apply-delta.js';
export { bgpSessionName } from './bgp-session-name.js';
export { compareIds, objectsOf } from './canonical-order.js';
export { diffRules, type RuleChange } from './change-rules.js';
export { danglingReferences } from './dangling-references.js';
export { decodeHostState } from './decode.js';
export { compareObjects, diffHostStates, haveSameFrame, isEmptyDelta, isSameObject } from './diff-host-states.js';
export { DROP_REASONS, type DropReason, type DropReasonText, isDropReason } from './drop-reason.js';
export { encodeHostDelta, encodeHostObject, encodeHostState } from './encode.js';
export { type FlowJudge, flowJudge, isFlowAllowed } from './flow.js';
export { type FlowCarrier, flowCarrier, NOTHING_CARRIED } from './flow-carrier.js';
export { heldElsewhere } from './held-elsewhere.js';
export { asHostName, parseHostName } from './host-name.js';
export { hostSideMac } from './host-side-mac.js';
export {
  type AddressPair,
  type AddressSet,
  type BgpPeer,
  type DhcpOption,
  type DhcpValue,
  type Endpoint,
  type EndpointAddress,
  type EndpointLog,
  type EndpointStatus,
  FLAT_SPACE,
  type FloatingAddress,
  type FloatingLimit,
  type HostDelta,
  type HostName,
  type HostObject,
  type HostState,
  type IfName,
  type Ipv6Mode,
  type Member,
  type NameRecord,
  type Owner,
  type Phase,
  type Policy,
  type PolicyPeer,
  type PolicyRule,
  type PortForward,
  type PortNames,
  type Qos,
  type RateLimit,
  type Revision,
  type Subnet,
} from './host-state.js';
export { asIfName, parseIfName, tapName } from './if-name.js';
export { isStateful } from './is-stateful.js';
export { type GroupInterest, interestOf, isRoutedGroup, type Membership, multicastSet } from './multicast.js';
export { NO_QOS } from './no-qos.js';
export { parseDhcpOption } from './parse-endpoint-parts.js';
export { parseHostDelta } from './parse-host-delta.js';
export { hasPorts, icmpProtocol, isObjectId, parseHostObject, parsePolicyRule } from './parse-host-object.js';
export { isSilent, silenced, withoutSilent } from './phase.js';
export { isProblem, type Problem } from './problem.js';
export { readSeenPacket, type SeenPacket } from './seen-packet.js';
export { compareMembers, coversIp, diffMembers, isPrefix, memberOf } from './sorted-members.js';
export { staleJudge } from './stale-flows.js';
export { endpointsTightened, flowCutter, reviewedMembers } from './tightened.js';
export {
  MAX_TRACED_ADDRESSES,
  TRACE_CHAINS,
  TRACE_TABLE,
  TRACE_VERDICTS,
  type TraceAccount,
  type TraceCounter,
  type TracedChain,
  type TracedPacket,
  type TraceFlow,
  type TraceHop,
  type TraceSender,
  type TraceVerdict,
} from './trace.js';
export { type EstablishedFlow, type Flow, nattedPrefixes, type Target, Translation, targetFinder } from './translation.js';
export { type DenyReason, isRuleFor, type Payload, type PolicyQuery, type Verdict, verdict } from './verdict.js';

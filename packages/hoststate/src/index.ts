/** What one host must do: its shape, its order, its changes, its reading and writing, and its meaning for a flow. */

export { applyDelta, changeMembers, emptyHostState, type MemberChange } from './apply-delta.js';
export { compareIds, objectsOf } from './canonical-order.js';
export { danglingReferences } from './dangling-references.js';
export { decodeHostState } from './decode.js';
export { compareObjects, diffHostStates, isEmptyDelta, isSameObject } from './diff-host-states.js';
export { encodeHostDelta, encodeHostObject, encodeHostState } from './encode.js';
export { type Flow, type FlowJudge, flowJudge, isFlowAllowed } from './flow.js';
export { asHostName, parseHostName } from './host-name.js';
export { hostSideMac } from './host-side-mac.js';
export type {
  AddressSet,
  Endpoint,
  EndpointAddress,
  EndpointStatus,
  HostDelta,
  HostName,
  HostObject,
  HostState,
  IfName,
  Ipv6Mode,
  Policy,
  PolicyPeer,
  PolicyRule,
  Revision,
  Subnet,
} from './host-state.js';
export { asIfName, parseIfName, tapName } from './if-name.js';
export { parseHostDelta } from './parse-host-delta.js';
export { hasPorts, icmpProtocol, isObjectId, parseHostObject, parsePolicyRule } from './parse-host-object.js';
export { isProblem, type Problem } from './problem.js';
export { endpointsTightened, flowCutter } from './tightened.js';
export { type DenyReason, type Payload, type PolicyQuery, type Verdict, verdict } from './verdict.js';

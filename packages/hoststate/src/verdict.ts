import { cidrContains, familyOf, type Ip } from '@manx/ip';
import type { Endpoint, HostState, PolicyRule } from './host-state.js';
import { coversIp } from './sorted-members.js';

/** What a packet carries above IP, as far as a rule can ask: the ports or the ICMP type are null where the protocol has none. */
export type Payload = {
  /** IANA protocol number, 0 to 255. */
  readonly protocol: number;
  /** Destination port, of the first packet of the flow. */
  readonly port: number | null;
  readonly icmp: { readonly type: number; readonly code: number } | null;
};

/** The first packet of a flow as one endpoint's policy sees it; its family is that of `peer`. */
export type PolicyQuery = Payload & {
  readonly endpoint: string;
  /** From the instance's view: `egress` leaves it, `ingress` arrives. */
  readonly direction: PolicyRule['direction'];
  /** The other end: the destination of egress, the source of ingress. */
  readonly peer: Ip;
};

/** Why nothing let a flow pass. */
export type DenyReason = 'unknown-endpoint' | 'endpoint-down' | 'no-policy' | 'no-rule';

/** Whether an endpoint's policy lets a flow begin, and by which group and rule: both null where port security is off. */
export type Verdict =
  | { readonly kind: 'allow'; readonly policy: string; readonly rule: string }
  | { readonly kind: 'allow'; readonly policy: null; readonly rule: null }
  | { readonly kind: 'deny'; readonly reason: DenyReason };

/**
 * What the host state means for one flow at one endpoint (S16, S19): denied, unless the endpoint is up and any rule of
 * any of its policies allows it; without port security all is allowed (S19). Without memory of flows (`isStateful` false) every packet
 * needs such an answer, not only the first. The answer names the first such rule, in order of policy and rule id. This is what `render`
 * says in nft's words; `reach` explains with it. A policy, set or subnet that is referred to but missing allows nothing.
 */
export function verdict(state: HostState, query: PolicyQuery): Verdict {
  const endpoint = state.endpoints.get(query.endpoint);
  if (endpoint === undefined) return { kind: 'deny', reason: 'unknown-endpoint' };
  return endpointVerdict(state, endpoint, query);
}

/** `verdict` for an endpoint in hand. */
export function endpointVerdict(state: HostState, endpoint: Endpoint, query: Omit<PolicyQuery, 'endpoint'>): Verdict {
  if (!endpoint.isUp) return { kind: 'deny', reason: 'endpoint-down' };
  if (!endpoint.isSecured) return { kind: 'allow', policy: null, rule: null };
  if (endpoint.policies.length === 0) return { kind: 'deny', reason: 'no-policy' };
  for (const id of endpoint.policies) {
    const rule = state.policies.get(id)?.rules.find((candidate) => isAllowedBy(state, candidate, query));
    if (rule !== undefined) return { kind: 'allow', policy: id, rule: rule.id };
  }
  return { kind: 'deny', reason: 'no-rule' };
}

/** Whether this one rule allows the flow: everything that it names must match. */
function isAllowedBy(state: HostState, rule: PolicyRule, query: Omit<PolicyQuery, 'endpoint'>): boolean {
  return isRuleFor(rule, { ...query, family: familyOf(query.peer) }) && isPeerAllowed(state, rule, query.peer);
}

/** Whether the rule allows such a packet to or from those whom it speaks of. */
export function isRuleFor(rule: PolicyRule, query: Payload & Pick<PolicyRule, 'direction' | 'family'>): boolean {
  return rule.direction === query.direction && rule.family === query.family && isPayloadAllowed(rule, query);
}

function isPayloadAllowed(rule: PolicyRule, { protocol, port, icmp }: Payload): boolean {
  if (rule.protocol !== null && rule.protocol !== protocol) return false;
  if (rule.ports !== null && (port === null || port < rule.ports.from || port > rule.ports.to)) return false;
  if (rule.icmp === null) return true;
  return icmp !== null && rule.icmp.type === icmp.type && (rule.icmp.code === null || rule.icmp.code === icmp.code);
}

function isPeerAllowed(state: HostState, rule: PolicyRule, peer: Ip): boolean {
  switch (rule.peer.kind) {
    case 'any':
      return true;
    case 'cidr':
      return cidrContains(rule.peer.cidr, peer);
    case 'set':
      return coversIp(state.sets.get(rule.peer.set)?.members ?? [], peer);
    default:
      return rule.peer satisfies never;
  }
}

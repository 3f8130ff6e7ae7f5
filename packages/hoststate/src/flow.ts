import type { Ip } from '@manx/ip';
import { AddressHolders } from './address-holders.js';
import type { Endpoint, HostState, PortForward } from './host-state.js';
import { endpointVerdict, type Payload } from './verdict.js';

/** A flow as conntrack keeps it: the tuple of its first packet (`original` direction), addresses of one family. */
export type Flow = {
  /** IANA protocol number. */
  readonly protocol: number;
  readonly source: Ip;
  readonly destination: Ip;
  /** Null where the protocol has no ports. */
  readonly sport: number | null;
  readonly dport: number | null;
  /** Null unless the protocol is ICMP (1) or ICMP for IPv6 (58). */
  readonly icmp: { readonly type: number; readonly code: number; readonly id: number } | null;
};

/** Decides flow after flow against one state; made once a state, since it indexes the endpoints by address. */
export type FlowJudge = (flow: Flow) => boolean;

/** Where a flow goes once floating IPs and forwards are translated. */
type Target = { readonly ip: Ip; readonly port: number | null };

/**
 * A judge of established flows on this host: allowed when the egress policy of the source, if that is a local endpoint,
 * and the ingress policy of the destination, if that is one, would both let the flow begin now. A flow between addresses
 * that are nobody's here is not this host's to judge, and allowed. Flows with the host itself (DHCP, its own pings) are not
 * a matter of policy: the caller leaves them out. Addresses are those that the flow began with, before any translation: the source
 * is judged by the floating IP that it asked for, the destination by the fixed IP (and port) behind it. An address that several
 * hold as a pair is judged by all of them.
 */
export function flowJudge(state: HostState): FlowJudge {
  const holders = new AddressHolders(state);
  const targetOf = translator(state);
  const allow = (endpoints: readonly Endpoint[], query: Parameters<typeof endpointVerdict>[2]): boolean =>
    endpoints.every((endpoint) => endpointVerdict(state, endpoint, query).kind === 'allow');
  return (flow) => {
    const payload: Payload = { protocol: flow.protocol, port: flow.dport, icmp: flow.icmp };
    if (!allow(holders.senders(flow.source), { ...payload, direction: 'egress', peer: flow.destination })) return false;
    const target = targetOf(flow);
    if (target === null) return false;
    return allow(holders.receivers(target.ip), { ...payload, port: target.port, direction: 'ingress', peer: flow.source });
  };
}

/** `flowJudge` for a single flow: linear in the host's endpoints. */
export function isFlowAllowed(state: HostState, flow: Flow): boolean {
  return flowJudge(state)(flow);
}

/** Whether a forward is what translates the flow. */
export function isForwarded({ ip, protocol, from, to }: PortForward, flow: Flow): boolean {
  return flow.destination === ip && flow.protocol === protocol && flow.dport !== null && flow.dport >= from && flow.dport <= to;
}

/** Says of each flow where it is translated to; null for what is sent to an address of which only other ports are forwarded. */
function translator(state: HostState): (flow: Flow) => Target | null {
  const floating = new Map<Ip, Ip>();
  const forwards = new Map<Ip, PortForward[]>();
  for (const endpoint of state.endpoints.values()) {
    for (const { ip, fixed } of endpoint.floating) floating.set(ip, fixed);
    for (const forward of endpoint.forwards) forwards.set(forward.ip, [...(forwards.get(forward.ip) ?? []), forward]);
  }
  return (flow) => {
    const fixed = floating.get(flow.destination);
    if (fixed !== undefined) return { ip: fixed, port: flow.dport };
    const some = forwards.get(flow.destination);
    if (some === undefined) return { ip: flow.destination, port: flow.dport };
    const forward = some.find((one) => isForwarded(one, flow));
    if (forward === undefined || flow.dport === null) return null;
    const { fixedFrom, fixedTo, from } = forward;
    return { ip: forward.fixed, port: fixedFrom === fixedTo ? fixedFrom : fixedFrom + flow.dport - from };
  };
}

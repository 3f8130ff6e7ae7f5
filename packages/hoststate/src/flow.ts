import type { Ip } from '@manx/ip';
import { AddressHolders } from './address-holders.js';
import type { Endpoint, HostState } from './host-state.js';
import { type Flow, targetFinder } from './translation.js';
import { endpointVerdict, type Payload } from './verdict.js';

/** Decides flow after flow against one state; made once a state, since it indexes the endpoints by address. */
export type FlowJudge = (flow: Flow) => boolean;

/**
 * A judge of established flows on this host: allowed when the egress policy of the source, if that is a local endpoint,
 * and the ingress policy of the destination, if that is one, would both let the flow begin now. A flow between addresses
 * that are nobody's here is not this host's to judge, and allowed. Flows with the host itself (DHCP, its own pings) are not
 * a matter of policy: the caller leaves them out. Addresses are those that the flow began with, before any translation: the source
 * is judged by the floating IP that it asked for, the destination by the fixed IP (and port) behind it. An address that several
 * hold as a pair is judged by all of them that are up, as routes lead to no other; an address of its own of an endpoint that is down, and that
 * nobody else here has, is nobody's to use (S19).
 */
export function flowJudge(state: HostState): FlowJudge {
  const all = [...state.endpoints.values()];
  const live = all.filter(({ isUp }) => isUp);
  const dead = new Set(all.filter(({ isUp }) => !isUp).flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
  const holders = new AddressHolders(live);
  const targetOf = targetFinder(live);
  const allow = (ip: Ip, endpoints: readonly Endpoint[], query: Parameters<typeof endpointVerdict>[2]): boolean =>
    endpoints.length === 0 ? !dead.has(ip) : endpoints.every((endpoint) => endpointVerdict(state, endpoint, query).kind === 'allow');
  return (flow) => {
    const payload: Payload = { protocol: flow.protocol, port: flow.dport, icmp: flow.icmp };
    if (!allow(flow.source, holders.senders(flow.source), { ...payload, direction: 'egress', peer: flow.destination })) return false;
    const target = targetOf(flow);
    if (target === null) return false;
    return allow(target.ip, holders.receivers(target.ip), { ...payload, port: target.port, direction: 'ingress', peer: flow.source });
  };
}

/** `flowJudge` for a single flow: linear in the host's endpoints. */
export function isFlowAllowed(state: HostState, flow: Flow): boolean {
  return flowJudge(state)(flow);
}

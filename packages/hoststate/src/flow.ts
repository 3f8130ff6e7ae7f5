import type { Ip } from '@manx/ip';
import type { Endpoint, HostState } from './host-state.js';
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

/** Each local address, and the endpoints that hold it (several only where the API was made to allow it). */
function endpointsByAddress(state: HostState): ReadonlyMap<Ip, readonly Endpoint[]> {
  const byAddress = new Map<Ip, Endpoint[]>();
  for (const endpoint of state.endpoints.values()) {
    for (const { ip } of endpoint.addresses) {
      const holders = byAddress.get(ip);
      if (holders === undefined) byAddress.set(ip, [endpoint]);
      else holders.push(endpoint);
    }
  }
  return byAddress;
}

/**
 * A judge of established flows on this host: allowed when the egress policy of the source, if that is a local endpoint,
 * and the ingress policy of the destination, if that is one, would both let the flow begin now. A flow between addresses
 * that are nobody's here is not this host's to judge, and allowed. Flows with the host itself (DHCP, its own pings) are not
 * a matter of policy: the caller leaves them out. Addresses are those that the flow began with, before any translation.
 */
export function flowJudge(state: HostState): FlowJudge {
  const byAddress = endpointsByAddress(state);
  const isAllowedAt = (address: Ip, query: Parameters<typeof endpointVerdict>[2]): boolean => {
    const holders = byAddress.get(address) ?? [];
    return holders.every((endpoint) => endpointVerdict(state, endpoint, query).kind === 'allow');
  };
  return (flow) => {
    const payload: Payload = { protocol: flow.protocol, port: flow.dport, icmp: flow.icmp };
    return (
      isAllowedAt(flow.source, { ...payload, direction: 'egress', peer: flow.destination }) &&
      isAllowedAt(flow.destination, { ...payload, direction: 'ingress', peer: flow.source })
    );
  };
}

/** `flowJudge` for a single flow: linear in the host's endpoints. */
export function isFlowAllowed(state: HostState, flow: Flow): boolean {
  return flowJudge(state)(flow);
}

import { type DnsService, type DnsTap, openDns } from '@manx/dns';
import { asIp } from '@manx/ip';
import type { HostObserver } from '@manx/kernel';
import { METADATA_IPV4, METADATA_IPV6 } from '@manx/render';
import type { AgentSettings } from './agent-settings.js';
import type { Found } from './host-loop.js';

/** DNS for this host's instances (S28), as agent.yaml says; null where it is turned off. */
export const openHostDns = ({ dns }: Pick<AgentSettings, 'dns'>, onProblem: (problem: string | null) => void): DnsService | null =>
  dns.enabled
    ? openDns({ addresses: [METADATA_IPV4, METADATA_IPV6], port: dns.port, forwarders: dns.forwarders.map(asIp), onProblem })
    : null;

/** The taps that were found programmed. */
export const dnsTaps = (
  { state, endpoints }: Pick<Found, 'state' | 'endpoints'>,
  observer: Pick<HostObserver, 'indexOf'>,
): readonly DnsTap[] =>
  endpoints.flatMap(({ id, state: programmed }) => {
    const ifname = state.endpoints.get(id)?.ifname;
    const index = ifname === undefined ? null : observer.indexOf(ifname);
    return programmed !== 'up' || ifname === undefined || index === null ? [] : [{ ifname, index, port: id }];
  });

import { type DnsService, type DnsTap, openDns } from '@manx/dns';
import { asIp } from '@manx/ip';
import { METADATA_IPV4, METADATA_IPV6 } from '@manx/render';
import type { AgentSettings } from './agent-settings.js';
import type { ProgrammedTap } from './programmed-taps.js';

/** DNS for this host's instances (S28), as agent.yaml says; null where it is turned off. */
export const openHostDns = ({ dns }: Pick<AgentSettings, 'dns'>, onProblem: (problem: string | null) => void): DnsService | null =>
  dns.enabled
    ? openDns({ addresses: [METADATA_IPV4, METADATA_IPV6], port: dns.port, forwarders: dns.forwarders.map(asIp), onProblem })
    : null;

/** The taps of these, and which port each is. */
export const dnsTaps = (programmed: readonly ProgrammedTap[]): readonly DnsTap[] =>
  programmed.map(({ endpoint: { ifname, id }, index }) => ({ ifname, index, port: id }));

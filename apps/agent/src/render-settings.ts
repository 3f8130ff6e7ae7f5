import { asCidr, asIp } from '@manx/ip';
import { Fault } from '@manx/kernel';
import {
  type ApiPeerSettings,
  type BirdPeer,
  type BirdSettings,
  birdProblems,
  type DnsmasqSettings,
  dnsmasqProblems,
  type MulticastSettings,
  type RenderSettings,
} from '@manx/render';
import type { AgentSettings } from './agent-settings.js';

/** What the operator's settings mean for rendering. */
export const renderSettings = (settings: AgentSettings): RenderSettings => {
  const bird = birdSettings(settings);
  return {
    endpointToHost: settings.endpoint_to_host,
    protectedPrefixes: settings.protected_prefixes,
    logLimit: { perSecond: settings.network_log.rate_limit, burst: settings.network_log.burst_limit },
    dhcpLimit: { perSecond: settings.dhcp.messages_per_second, burst: settings.dhcp.burst },
    dnsmasq: dnsmasqSettings(settings),
    ...(settings.max_connections === undefined ? {} : { maxConnections: settings.max_connections }),
    ...(settings.host_snat === undefined ? {} : { hostSnat: asIp(settings.host_snat.address) }),
    ...(settings.multicast === undefined ? {} : { multicast: multicastSettings(settings.multicast) }),
    ...(settings.metadata === undefined ? {} : { metadataPort: settings.metadata.port }),
    ...(settings.dns.enabled ? { dns: dnsSettings(settings) } : {}),
    ...(bird === null ? {} : { bird }),
  };
};

const multicastSettings = ({ address, hosts, port }: NonNullable<AgentSettings['multicast']>): MulticastSettings => ({
  address: asIp(address),
  hosts: hosts.map(asCidr),
  port,
});

/** Throws Fault `refused` for settings that each look right and cannot be said in the words of BIRD or dnsmasq: a peer's name that comes twice. */
export const demandSettings = (path: string, settings: AgentSettings): void => {
  const bird = birdSettings(settings);
  const [first] = [...dnsmasqProblems(dnsmasqSettings(settings)), ...(bird === null ? [] : birdProblems(bird))];
  if (first !== undefined) throw new Fault({ code: 'refused', op: 'use', subject: path, detail: `${first.subject} ${first.detail}` });
};

const dnsSettings = ({ dns }: AgentSettings): NonNullable<RenderSettings['dns']> => ({
  port: dns.port,
  packetsPerSecond: dns.queries_per_second,
  burst: dns.burst,
});

/** How dnsmasq is run on a Debian host. */
export const dnsmasqSettings = ({ run_dir, dhcp, dns, metadata }: AgentSettings): DnsmasqSettings => ({
  directory: `${run_dir}/dnsmasq`,
  user: 'dnsmasq',
  group: 'nogroup',
  domain: dhcp.domain ?? null,
  hasMetadata: metadata !== undefined,
  hasDns: dns.enabled,
  leaseSeconds: dhcp.lease_seconds,
});

/** Where BIRD is on a Debian host, and as whom it runs. */
export const birdPlace = (runDir: string): Pick<BirdSettings, 'directory' | 'controlSocket' | 'user' | 'group'> => ({
  directory: `${runDir}/bird`,
  controlSocket: `${runDir}/bird.ctl`,
  user: 'bird',
  group: 'bird',
});

/** How BIRD is run on a Debian host; null when this host speaks no BGP. */
export const birdSettings = ({ run_dir, bgp, protected_prefixes }: AgentSettings): BirdSettings | null =>
  bgp === undefined
    ? null
    : {
        ...birdPlace(run_dir),
        asn: bgp.asn,
        routerId: asIp(bgp.router_id),
        peers: bgp.peers.map(birdPeer),
        protectedPrefixes: protected_prefixes,
        apiPeers: bgp.api_peers === undefined ? undefined : apiPeers(bgp.api_peers),
        bfd: bgp.bfd === undefined ? undefined : { intervalMs: bgp.bfd.interval_ms, multiplier: bgp.bfd.multiplier },
      };

type PeerSettings = NonNullable<AgentSettings['bgp']>['peers'][number];

const birdPeer = (peer: PeerSettings): BirdPeer => ({
  name: peer.name,
  address: asIp(peer.address),
  asn: peer.asn,
  password: peer.password,
  localAddress: peer.local_address === undefined ? undefined : asIp(peer.local_address),
  ...birdSession(peer),
});

type ApiPeers = NonNullable<NonNullable<AgentSettings['bgp']>['api_peers']>;

const apiPeers = (session: ApiPeers): ApiPeerSettings => ({ ...birdSession(session), localAddresses: session.local_addresses?.map(asIp) });

const birdSession = (session: Omit<ApiPeers, 'local_addresses'>): Omit<ApiPeerSettings, 'localAddresses'> => ({
  accept: session.accept?.map((text) => (text === 'default' || text === 'any' ? text : asCidr(text))),
  maxPrefix: session.max_prefix,
  communities: session.communities,
  hasBfd: session.bfd,
  multihop: session.multihop,
  hasTtlSecurity: session.ttl_security,
});

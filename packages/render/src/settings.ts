import type { Cidr, Ip } from '@manx/ip';
import type { BirdSettings } from './bird/index.js';
import type { DnsmasqSettings } from './dnsmasq/index.js';

/** How multicast packets get from host to host: in tunnels over IPv4. */
export type MulticastSettings = {
  /** This host's own end of tunnels, by which other hosts know it. IPv4. */
  readonly address: Ip;
  /** Where hosts are: tunnels are taken from these addresses and no others. IPv4, one at least. */
  readonly hosts: readonly Cidr[];
  /** The UDP port of tunnels, the same on all hosts. */
  readonly port: number;
};

/** What the operator decides about a host, beside the state that the server sends. */
export type RenderSettings = {
  /** Whether instances reach their host's services beyond DHCP, ICMP and neighbour discovery (S18); protected prefixes stay shut. */
  readonly endpointToHost: 'drop' | 'accept';
  /** Destinations that no instance ever reaches, through forwarding or on the host itself: management and fabric links (S18). */
  readonly protectedPrefixes: readonly Cidr[];
  /**
   * The address that instances of subnets with source NAT leave the flat space by (S24); absent: fixed IPs go out as they are. It is
   * this host's alone, IPv4, and nobody answers at it.
   */
  readonly hostSnat?: Ip;
  /** Multicast between hosts (S10); absent where groups do not leave the host. */
  readonly multicast?: MulticastSettings;
  /** Metadata (S27): the port on which the agent's proxy listens behind `SERVICE_ADDRESSES`; absent where the host has none. */
  readonly metadataPort?: number;
  /**
   * Names (S28): the port on which the agent answers behind `SERVICE_ADDRESSES`, and how many packets of one tap it is asked by, in the long run
   * and at once; what is more never reaches it. Absent where instances are not answered.
   */
  readonly dns?: { readonly port: number; readonly packetsPerSecond: number; readonly burst: number };
  /** How many messages of one tap the host's DHCP server is asked by, DHCPv6 and router solicitations among them; what is more never reaches it. */
  readonly dhcpLimit: { readonly perSecond: number; readonly burst: number };
  /** The most connections that one port may have begun, and that may be open to it, at a time; absent: any number. At most `MAX_CONNECTIONS`. */
  readonly maxConnections?: number;
  /** How much is logged of each tap, accepted and dropped each for itself, where a log of Neutron's asks for it. */
  readonly logLimit: { readonly perSecond: number; readonly burst: number };
  /** DHCP and router advertisements; absent where the host runs no dnsmasq of ours. Must be without `dnsmasqProblems`. */
  readonly dnsmasq?: DnsmasqSettings;
  /** BGP; absent where the host runs no BIRD of ours. Must be without `birdProblems`. */
  readonly bird?: BirdSettings;
};

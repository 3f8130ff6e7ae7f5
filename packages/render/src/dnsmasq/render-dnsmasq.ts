import type { Endpoint, HostState, Ipv6Mode, PortNames, Subnet } from '@manx/hoststate';
import { cidrFirst, compareCidrs, netmask, nextIp, prefixLength } from '@manx/ip';
import { admitEndpoints } from '../admit-endpoints.js';
import type { ProgramPlan } from '../host-plan.js';
import { isDhcpHostname } from './dhcp-name.js';
import { type DhcpOffer, dhcpOffer, isAdvertised } from './dhcp-offer.js';
import { dhcpOptions } from './dhcp-options.js';
import { DHCP_HALVES, DHCP_LINK_ADDRESS } from './dhcp-tap-addresses.js';
import { dnsNameOf } from './dns-name.js';
import { dnsmasqProblems } from './dnsmasq-problems.js';
import type { DnsmasqSettings } from './dnsmasq-settings.js';

/** Seconds between unsolicited advertisements on a tap, and how long a guest keeps its router without one (RFC 4861, section 6.2.1). */
const RA_INTERVAL_SECONDS = 200;
const ROUTER_LIFETIME_SECONDS = 1800;

/** The same on every host, so that a lease outlives a restart and a move: DUID-EN of the documentation's enterprise number, `manx`. */
const SERVER_DUID = '32473,6d:61:6e:78';

/** How dnsmasq calls the modes; `off-link` keeps guests from looking for each other on the link. */
const RANGE_MODES: Readonly<Record<Ipv6Mode, string>> = {
  slaac: 'ra-only',
  'dhcpv6-stateless': 'ra-stateless',
  'dhcpv6-stateful': 'static',
};

/**
 * The files of the one dnsmasq that serves all taps of a host (S26): `dnsmasq.conf`, `hosts` (who gets which address) and `options`
 * (what else they are told). `dnsmasqChange` says what a change of them takes.
 *
 * Addresses are given to a MAC **on its tap**: the right MAC on another tap gets nothing, nor does a stranger (S17, S18). All of
 * IPv4 is one static range in two halves, so that a new IPv4 subnet changes only `hosts` and `options`; the IPv6 subnets
 * that are advertised stand in `dnsmasq.conf`. Endpoints that are down are not served. A host name that is not safe in a file is
 * left out, and the lease is given without it. The taps need the addresses that `dhcpTapAddresses` tells.
 * Throws a RangeError with the first of `dnsmasqProblems` when there is one: nothing unsafe is ever rendered.
 */
export function renderDnsmasq(state: HostState, settings: DnsmasqSettings): ProgramPlan {
  const [first] = dnsmasqProblems(settings);
  if (first !== undefined) throw new RangeError(`${first.subject} ${first.detail}`);
  const served = admitEndpoints(state)
    .endpoints.toSorted((a, b) => (a.ifname < b.ifname ? -1 : 1))
    .map((endpoint) => serviceOf(state, endpoint, settings));
  return {
    files: new Map([
      ['dnsmasq.conf', configuration(state, settings)],
      ['hosts', served.map(({ hosts }) => hosts).join('')],
      ['options', served.map(({ options }) => options).join('')],
    ]),
  };
}

/** One endpoint's share of the files, and what it was made of. */
type Service = {
  readonly subnets: readonly (Subnet | undefined)[];
  readonly names: PortNames | undefined;
  readonly settings: DnsmasqSettings;
  readonly hosts: string;
  readonly options: string;
};

const services = new WeakMap<Endpoint, Service>();

/** Made once per endpoint, and again when one of its subnets, or its DNS name, has changed. */
function serviceOf(state: HostState, endpoint: Endpoint, settings: DnsmasqSettings): Service {
  const subnets = endpoint.addresses.map(({ subnet }) => state.subnets.get(subnet));
  const known = services.get(endpoint);
  const names = state.names.get(endpoint.id);
  if (known?.settings === settings && known.names === names && known.subnets.every((subnet, index) => subnet === subnets[index]))
    return known;
  const offer = dhcpOffer(state, endpoint);
  const options = lines(dhcpOptions(endpoint, { offer, names }, settings));
  const hostname = dnsNameOf(names, offer.v4?.ip ?? null).label ?? endpoint.hostname;
  const service = { subnets, names, settings, hosts: lines(hostLine({ ...endpoint, hostname }, offer)), options };
  services.set(endpoint, service);
  return service;
}

function configuration(state: HostState, settings: DnsmasqSettings): string {
  const advertised = [...state.subnets.values()].filter(isAdvertised).sort((a, b) => compareCidrs(a.cidr, b.cidr));
  return lines([
    '# Written by manx-agent; changes are overwritten.',
    'port=0',
    'keep-in-foreground',
    'pid-file',
    'log-facility=-',
    `user=${settings.user}`,
    `group=${settings.group}`,
    'bind-dynamic',
    'interface=tap*',
    'except-interface=lo',
    'no-resolv',
    'no-hosts',
    'no-ping',
    'leasefile-ro',
    'quiet-dhcp',
    'quiet-dhcp6',
    'quiet-ra',
    'dhcp-authoritative',
    'dhcp-ignore-clid',
    'dhcp-lease-max=100000',
    // A stateless DHCPv6 client needs no entry in `hosts`; a stateful one without an entry is told that there are no addresses.
    'dhcp-ignore=tag:!known,tag:!dhcpv6',
    `dhcp-duid=${SERVER_DUID}`,
    `dhcp-hostsfile=${settings.directory}/hosts`,
    `dhcp-optsfile=${settings.directory}/options`,
    ...domainLines(settings.domain),
    ...DHCP_HALVES.map((half) => `dhcp-range=${nextIp(cidrFirst(half))},static,${netmask(half)},${settings.leaseSeconds}`),
    // The link address lies in the upper half, and serves the lower one too.
    `shared-network=${DHCP_LINK_ADDRESS},0.0.0.1`,
    ...(advertised.length === 0 ? [] : ['enable-ra', `ra-param=tap*,${RA_INTERVAL_SECONDS},${ROUTER_LIFETIME_SECONDS}`]),
    ...advertised.map((subnet) => v6Range(subnet, settings)),
  ]);
}

function v6Range({ cidr, raMode }: Subnet, settings: DnsmasqSettings): string {
  const mode = RANGE_MODES[raMode ?? 'slaac'];
  return `dhcp-range=${cidrFirst(cidr)},${mode},off-link,${prefixLength(cidr)},${settings.leaseSeconds}`;
}

function domainLines(domain: string | null): string[] {
  if (domain === null) return [];
  return [`dhcp-option=option:domain-name,${domain}`, `dhcp-option=option6:domain-search,${domain}`];
}

function hostLine({ ifname, mac, hostname }: Endpoint, { v4, v6 }: DhcpOffer): string[] {
  if (v4 === null && v6.length === 0) return [];
  const addresses = [...(v4 === null ? [] : [v4.ip]), ...v6.map((ip) => `[${ip}]`)];
  return [[mac, `tag:${ifname}`, ...addresses, ...(isDhcpHostname(hostname) ? [hostname] : [])].join(',')];
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

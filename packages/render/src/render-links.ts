import { type Endpoint, type HostState, hostSideMac, type IfName } from '@manx/hoststate';
import { cidrFirst, cidrOf, compareIps, familyOf, type Ip, linkLocalFor } from '@manx/ip';
import { dhcpTapAddresses, type TapAddress } from './dnsmasq/index.js';
import type { LinkPlan, TokenBucket } from './host-plan.js';
import { SERVICE_ADDRESSES } from './metadata.js';
import type { RenderSettings } from './settings.js';
import { tokenBuckets } from './token-buckets.js';

/**
 * Per tap, below /proc/sys/net (Documentation/networking/ip-sysctl.rst). `rp_filter` is off because the source check of
 * nft is stricter and knows more; link-local addresses are ours alone to give (addr_gen_mode 1 is none).
 */
const TAP_SYSCTLS: readonly (readonly [string, string])[] = [
  ['ipv4/conf/*/proxy_arp', '1'],
  ['ipv4/conf/*/forwarding', '1'],
  ['ipv4/conf/*/rp_filter', '0'],
  ['ipv4/conf/*/send_redirects', '0'],
  ['ipv4/conf/*/accept_redirects', '0'],
  ['ipv4/conf/*/secure_redirects', '0'],
  ['ipv4/conf/*/accept_source_route', '0'],
  ['ipv4/conf/*/route_localnet', '0'],
  ['ipv4/neigh/*/proxy_delay', '0'],
  ['ipv6/conf/*/disable_ipv6', '0'],
  ['ipv6/conf/*/addr_gen_mode', '1'],
  ['ipv6/conf/*/accept_dad', '0'],
  ['ipv6/conf/*/accept_ra', '0'],
  ['ipv6/conf/*/autoconf', '0'],
  ['ipv6/conf/*/accept_redirects', '0'],
  ['ipv6/conf/*/accept_source_route', '0'],
  ['ipv6/conf/*/forwarding', '1'],
];

/** No IPv6 on a link with less (RFC 8200, section 5): the kernel takes no lower value. */
const IPV6_MIN_MTU = 1280;

/** `send_redirects` of an interface counts only where that of `all` is off too. Several ways are chosen from by flow: addresses and ports (S8). */
const HOST_SYSCTLS: ReadonlyMap<string, string> = new Map([
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv4/fib_multipath_hash_policy', '1'],
  ['net/ipv6/fib_multipath_hash_policy', '1'],
  ['net/ipv4/conf/all/send_redirects', '0'],
  ['net/ipv6/conf/all/forwarding', '1'],
]);

/** What a tap was made of the last time: the same parts give the same plan, by reference. */
type Memory = {
  readonly subnets: HostState['subnets'];
  readonly gateways: string;
  readonly served: readonly TapAddress[];
  /** And the MTU, and the limits. */
  readonly addresses: string;
  readonly link: LinkPlan;
};

const memories = new WeakMap<Endpoint, Memory>();

/** The sysctls of the host as a whole. */
export function renderHostSysctls(): ReadonlyMap<string, string> {
  return HOST_SYSCTLS;
}

/**
 * What the endpoints' taps look like: one link-local address, the same on every host that the instance may move to, the
 * gateway of each of its IPv4 subnets as a /32, what dnsmasq needs beside them (`dhcpTapAddresses`), and where there is metadata or DNS
 * their addresses. A gateway address that an instance holds itself, here or on another host (a router made of a VM), is left to it.
 */
export function renderLinks(
  state: HostState,
  endpoints: readonly Endpoint[],
  { metadataPort, dns }: Pick<RenderSettings, 'metadataPort' | 'dns'> = {},
): ReadonlyMap<IfName, LinkPlan> {
  const held = new Set(endpoints.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
  const fixed = metadataPort === undefined && dns === undefined ? [] : SERVICE_ADDRESSES;
  return new Map(endpoints.map((endpoint) => [endpoint.ifname, linkOf(state, endpoint, { held, fixed })]));
}

/** Addresses that instances hold themselves, and those that every tap has. */
type Around = { readonly held: ReadonlySet<Ip>; readonly fixed: readonly TapAddress[] };

function linkOf(state: HostState, endpoint: Endpoint, { held, fixed }: Around): LinkPlan {
  const known = memories.get(endpoint);
  const lent = gatewaysOf(state, endpoint).filter((ip) => !held.has(ip));
  const gateways = lent.join(' ');
  const isSame = known?.subnets === state.subnets && known.gateways === gateways;
  const served = isSame ? known.served : dhcpTapAddresses(state, endpoint, lent);
  const needed = served.filter(({ ip }) => fixed.every((other) => other.ip !== ip));
  const all = [...lent.map((ip) => ({ ip, prefixLength: 32 })), ...needed.map((address) => leaveTo(held, address)), ...fixed];
  const mtu = ipv6MtuOf(state, endpoint);
  const limits = tokenBuckets(state, endpoint);
  const addresses = [...all.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`), mtu, ...Object.values(limits).map(bucketText)].join(
    ' ',
  );
  const link = known?.addresses === addresses ? known.link : makeLink(endpoint, { addresses: all, mtu, ...limits });
  if (!isSame || link !== known.link) memories.set(endpoint, { subnets: state.subnets, gateways, served, addresses, link });
  return link;
}

function makeLink(
  { ifname, mac: guest }: Endpoint,
  {
    addresses,
    mtu,
    toGuest,
    fromGuest,
  }: { readonly addresses: readonly TapAddress[]; readonly mtu: number | null } & Pick<LinkPlan, 'toGuest' | 'fromGuest'>,
): LinkPlan {
  const mac = hostSideMac(guest);
  const sysctls = TAP_SYSCTLS.map(([path, value]) => [`net/${path.replace('*', ifname)}`, value] as const);
  return {
    ifname,
    mac,
    addresses: [...addresses, { ip: linkLocalFor(mac), prefixLength: 64 }],
    sysctls: new Map([...sysctls, ...(mtu === null ? [] : [[`net/ipv6/conf/${ifname}/mtu`, String(mtu)] as const])]),
    toGuest,
    fromGuest,
  };
}

function bucketText(bucket: TokenBucket | null): string {
  return bucket === null ? '-' : `${bucket.rate}/${bucket.burst}/${bucket.queue}`;
}

/** What router advertisements on the tap tell (S29): the lowest MTU of its IPv6 subnets; null where there are none. */
function ipv6MtuOf(state: HostState, { addresses }: Endpoint): number | null {
  const mtus = addresses.flatMap(({ ip, subnet }) => (familyOf(ip) === 6 ? (state.subnets.get(subnet)?.mtu ?? []) : []));
  return mtus.length === 0 ? null : Math.max(IPV6_MIN_MTU, Math.min(...mtus));
}

function gatewaysOf(state: HostState, { addresses }: Endpoint): Ip[] {
  const gateways = addresses.flatMap(({ ip, subnet }) => {
    const of = familyOf(ip) === 4 ? state.subnets.get(subnet) : undefined;
    return of === undefined || of.gateway === null || of.isGatewayHeld ? [] : [of.gateway];
  });
  return gateways.length < 2 ? gateways : [...new Set(gateways)].sort(compareIps);
}

/** An advertised prefix needs some address of the host in it: where an instance has that one, the subnet-router anycast address, nobody's. */
function leaveTo(held: ReadonlySet<Ip>, { ip, prefixLength }: TapAddress): TapAddress {
  return { ip: held.has(ip) ? cidrFirst(cidrOf(ip, prefixLength)) : ip, prefixLength };
}

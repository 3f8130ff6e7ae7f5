import {
  asCidr,
  type Cidr,
  cidrContains,
  cidrFirst,
  cidrLast,
  cidrsOverlap,
  compareIps,
  familyOf,
  type Ip,
  nextIp,
  offsetIp,
  prefixLength,
  rangeContains,
  rangesOverlap,
} from '@manx/ip';
import { type AllocationPool, type HostRoute, type Ipv6ModeName, type Problem, problem, type Subnet } from '@manx/model';

/** Neutron's limits per subnet. */
const MAX_NAMESERVERS = 5;
const MAX_HOST_ROUTES = 20;

/** What no fabric routes to an instance (IANA's special-purpose registries, RFC 6890). */
export const UNROUTABLE: ReadonlyArray<{ readonly prefix: Cidr; readonly what: string }> = [
  { prefix: asCidr('0.0.0.0/8'), what: 'Unspecified' },
  { prefix: asCidr('127.0.0.0/8'), what: 'Loopback' },
  { prefix: asCidr('169.254.0.0/16'), what: 'Link-local' },
  { prefix: asCidr('224.0.0.0/4'), what: 'Multicast' },
  { prefix: asCidr('255.255.255.255/32'), what: 'Broadcast' },
  { prefix: asCidr('::/127'), what: 'Unspecified or loopback' },
  { prefix: asCidr('fe80::/10'), what: 'Link-local' },
  { prefix: asCidr('ff00::/8'), what: 'Multicast' },
];

/** What `checkServices` judges. */
type Services = Pick<Subnet, 'ip_version' | 'dns_nameservers' | 'host_routes' | 'enable_dhcp' | 'ipv6_ra_mode' | 'ipv6_address_mode'>;

/** The modes in which instances make their own address from their MAC. */
const AUTO_MODES: ReadonlySet<Ipv6ModeName | null> = new Set(['slaac', 'dhcpv6-stateless']);

function invalid(error_message: string): Problem {
  return problem('InvalidInput', { error_message });
}

/** Whether ports get their address in this subnet from their MAC (EUI-64), by themselves. */
export function isAutoAddressed(subnet: Pick<Subnet, 'ipv6_ra_mode' | 'ipv6_address_mode'>): boolean {
  return AUTO_MODES.has(subnet.ipv6_ra_mode) || AUTO_MODES.has(subnet.ipv6_address_mode);
}

/** Whether the prefix can be routed to instances, and is of the family it is said to be. */
export function checkCidr(cidr: Cidr, ipVersion: 4 | 6, enableDhcp: boolean): Problem | null {
  const length = prefixLength(cidr);
  if (familyOf(cidr) !== ipVersion) return invalid(`cidr '${cidr}' does not match the ip_version '${ipVersion}'`);
  if (length === 0) return invalid('0 is not allowed as CIDR prefix length');
  const never = UNROUTABLE.find(({ prefix }) => cidrsOverlap(cidr, prefix));
  if (never !== undefined) return invalid(`${never.what} IP subnet is not supported: ${cidr} overlaps ${never.prefix}`);
  if (enableDhcp && length > (ipVersion === 4 ? 30 : 126)) {
    return invalid('Subnet has a prefix length that is incompatible with DHCP service enabled');
  }
  return null;
}

/** The first and last address of the prefix that an interface can have: not IPv4's network and broadcast, nor IPv6's subnet-router anycast. */
function usableRange(cidr: Cidr): { readonly first: Ip; readonly last: Ip } {
  const [first, last] = [cidrFirst(cidr), cidrLast(cidr)];
  if (prefixLength(cidr) > (familyOf(cidr) === 4 ? 30 : 126)) return { first, last };
  return { first: nextIp(first) ?? first, last: familyOf(cidr) === 4 ? (offsetIp(last, -1n) ?? last) : last };
}

/** Whether an interface can have the address in this subnet. */
export function isUsable(cidr: Cidr, ip: Ip): boolean {
  return cidrContains(cidr, ip) && rangeContains(usableRange(cidr), ip);
}

/** The gateway of a subnet that was given none: its first usable address; none where that is the only address. */
export function defaultGateway(cidr: Cidr): Ip | null {
  const { first, last } = usableRange(cidr);
  return first === last ? null : first;
}

/** Whether the gateway is one that hosts can be: a usable address of the subnet. */
export function checkGateway(gateway: Ip, cidr: Cidr): Problem | null {
  if (familyOf(gateway) !== familyOf(cidr)) return invalid(`gateway_ip '${gateway}' does not match the ip_version '${familyOf(cidr)}'`);
  return isUsable(cidr, gateway) ? null : invalid('Gateway is not valid on subnet');
}

/** All usable addresses but the gateway, as ranges; none when there is no other. */
export function defaultPools(cidr: Cidr, gateway: Ip | null): AllocationPool[] {
  const { first, last } = usableRange(cidr);
  if (gateway === null || !isUsable(cidr, gateway)) return [{ start: first, end: last }];
  const pools: AllocationPool[] = [];
  const before = offsetIp(gateway, -1n);
  const after = nextIp(gateway);
  if (gateway !== first && before !== null) pools.push({ start: first, end: before });
  if (gateway !== last && after !== null) pools.push({ start: after, end: last });
  return pools;
}

/** The pools sorted, or why they are none: out of the subnet, upside down, overlapping, or with the gateway inside. */
export function checkPools(pools: readonly AllocationPool[], cidr: Cidr, gateway: Ip | null): AllocationPool[] | Problem {
  const range = usableRange(cidr);
  for (const pool of pools) {
    const isOfFamily = familyOf(pool.start) === familyOf(cidr) && familyOf(pool.end) === familyOf(cidr);
    if (!isOfFamily || compareIps(pool.start, pool.end) > 0) return problem('InvalidAllocationPool', { pool: shownPool(pool) });
    if (!rangeContains(range, pool.start) || !rangeContains(range, pool.end)) {
      return problem('OutOfBoundsAllocationPool', { pool: shownPool(pool), cidr });
    }
  }
  const sorted = [...pools].sort((a, b) => compareIps(a.start, b.start));
  for (const [at, pool] of sorted.entries()) {
    const next = sorted[at + 1];
    if (next !== undefined && rangesOverlap(rangeOf(pool), rangeOf(next))) {
      return problem('OverlappingAllocationPools', { pool_1: shownPool(pool), pool_2: shownPool(next), cidr });
    }
    if (gateway !== null && rangeContains(rangeOf(pool), gateway)) {
      return problem('GatewayConflictWithAllocationPools', { ip_address: gateway, pool: shownPool(pool) });
    }
  }
  return sorted;
}

function rangeOf(pool: AllocationPool): { first: Ip; last: Ip } {
  return { first: pool.start, last: pool.end };
}

function shownPool(pool: AllocationPool): string {
  return `${pool.start}-${pool.end}`;
}

/** Whether what DHCP and router advertisements are to say fits the subnet's family, Neutron's limits, and itself. */
export function checkServices(subnet: Services & { readonly label: string; readonly cidr: Cidr }): Problem | null {
  if (subnet.dns_nameservers.length > MAX_NAMESERVERS)
    return problem('DNSNameServersExhausted', { subnet: subnet.label, quota: MAX_NAMESERVERS });
  if (subnet.host_routes.length > MAX_HOST_ROUTES) return problem('HostRoutesExhausted', { subnet: subnet.label, quota: MAX_HOST_ROUTES });
  for (const server of subnet.dns_nameservers) {
    if (familyOf(server) !== subnet.ip_version)
      return invalid(`dns_nameserver '${server}' does not match the ip_version '${subnet.ip_version}'`);
  }
  for (const route of subnet.host_routes) {
    const wrong = wrongRoute(route, subnet.ip_version);
    if (wrong !== null) return wrong;
  }
  return checkModes(subnet);
}

function wrongRoute({ destination, nexthop }: HostRoute, ipVersion: 4 | 6): Problem | null {
  if (familyOf(nexthop) !== ipVersion) return invalid(`nexthop '${nexthop}' does not match the ip_version '${ipVersion}'`);
  if (familyOf(destination) !== ipVersion) return invalid(`destination '${destination}' does not match the ip_version '${ipVersion}'`);
  return null;
}

/**
 * RFC 4862, section 5.5.3: with 64-bit interface identifiers an autoconfigured prefix is a /64. Beyond what Neutron asks: the hosts'
 * DHCP server gives IPv6 addresses in a /64 or a longer prefix (dnsmasq(8), --dhcp-range).
 */
function checkModes(subnet: Services & { readonly cidr: Cidr }): Problem | null {
  const { ipv6_ra_mode: raMode, ipv6_address_mode: addressMode } = subnet;
  if (raMode === null && addressMode === null) return null;
  if (subnet.ip_version === 4)
    return invalid(`${raMode === null ? 'ipv6_address_mode' : 'ipv6_ra_mode'} is not valid when ip_version is 4`);
  if (!subnet.enable_dhcp) return invalid('ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False');
  if (raMode !== null && addressMode !== null && raMode !== addressMode) {
    return invalid(
      `ipv6_ra_mode set to '${raMode}' with ipv6_address_mode set to '${addressMode}' is not valid. If both attributes are set, they must be the same value`,
    );
  }
  if (isAutoAddressed(subnet) && prefixLength(subnet.cidr) !== 64) {
    return invalid(
      `Invalid CIDR ${subnet.cidr} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64`,
    );
  }
  if (prefixLength(subnet.cidr) < 64) {
    const mode = raMode === null ? `ipv6_address_mode '${addressMode}'` : `ipv6_ra_mode '${raMode}'`;
    return invalid(`Invalid CIDR ${subnet.cidr} for ${mode}: hosts give IPv6 addresses in prefixes of /64 or longer only`);
  }
  return null;
}

import { eui64, hostCidr, type Ip, ipFromValue, ipValue, type Mac } from '@manx/ip';
import {
  type FixedIp,
  type FixedIpWish,
  isProblem,
  isVisible,
  type Network,
  notFound,
  type Port,
  type Problem,
  problem,
  type StateReader,
  type Subnet,
} from '@manx/model';
import { checkOneSegment, nearSubnets } from './addressing/segment-reach.js';
import { isAdminPort } from './device-owner.js';
import { isAutoAddressed, isUsable } from './subnet-shape.js';
import type { Work } from './work.js';

/** Whose addresses are decided. `id` and `held` are of the port as it is; null and empty for a new one. */
export type Holder = {
  readonly id: string | null;
  readonly held: readonly FixedIp[];
  readonly mac: Mac;
  readonly device_owner: string;
  readonly network: Network;
  /** Where it is bound; absent or empty: nowhere yet. */
  readonly host?: string;
};

/** How many addresses a search without luck looks at in one window, and how often it tries one at random. */
const WINDOW = 256n;
const TRIES = 16;

/**
 * The addresses of a new port. Unless told: one of each family, and one in every subnet where addresses make themselves;
 * the latter come in any case, as in Neutron. S12: an address that anyone holds, anywhere, is refused.
 * With a host, only subnets near it count (routed provider networks).
 */
export function addressesOf(work: Work, holder: Holder, wishes: readonly FixedIpWish[] | undefined): FixedIp[] | Problem {
  const all = subnetsOf(work.state, holder.network.id);
  const near = nearSubnets(work.state, holder.host ?? '', all);
  if (isProblem(near)) return wishes?.length === 0 ? [] : near;
  const subnets = servedSubnets(near, holder.device_owner);
  if (all.length > 0 && subnets.length === 0 && wishes?.length !== 0) {
    return problem('IpAddressGenerationFailureNoMatchingSubnet', { net_id: holder.network.id, service_type: holder.device_owner });
  }
  const manual = subnets.filter((subnet) => !isAutoAddressed(subnet));
  if (wishes !== undefined) {
    const asked = granted(work, { holder, subnets }, wishes);
    const mixed = isProblem(asked) || (holder.host ?? '') !== '' ? null : checkOneSegment(work.state, asked);
    return mixed ?? asked;
  }
  const chosen: FixedIp[] = [];
  for (const family of [4, 6] as const) {
    const candidates = manual.filter((subnet) => subnet.ip_version === family);
    if (candidates.length === 0) continue;
    const found = allocateFrom(work, candidates, chosen);
    if (found === null) return problem('IpAddressGenerationFailure', { net_id: holder.network.id });
    chosen.push(found);
  }
  return withAutoAddresses(work, { holder, subnets }, chosen);
}

/**
 * The addresses of a port whose wishes change: what it holds and is asked for again stays, addresses that made themselves stay,
 * the rest goes or is new.
 */
export function changedAddresses(work: Work, holder: Holder, wishes: readonly FixedIpWish[]): FixedIp[] | Problem {
  const free = holder.held.filter(({ ip_address }) => !wishes.some((wish) => wish.ip_address === ip_address));
  const pinned = wishes.map((wish): FixedIpWish => {
    if (wish.ip_address !== undefined) return wish;
    const at = free.findIndex(({ subnet_id }) => subnet_id === wish.subnet_id);
    const [kept] = at < 0 ? [] : free.splice(at, 1);
    return kept ?? wish;
  });
  return addressesOf(work, holder, pinned);
}

/** The address that a port has in a subnet by its MAC (RFC 4862); a problem when another holds it. */
export function autoAddress(
  state: StateReader,
  subnet: Subnet,
  port: Pick<Port, 'mac_address' | 'network_id'> & { readonly id: string | null },
): FixedIp | Problem {
  const ip = eui64(subnet.cidr, port.mac_address);
  const other = state.holderOf(ip);
  if (other !== undefined && other.id !== port.id) return problem('IpAddressInUse', { ip_address: ip, net_id: port.network_id });
  return { subnet_id: subnet.id, ip_address: ip };
}

/**
 * Whether a port may hold a gateway's address: one of the network itself, or one that is nobody's and plugged in nowhere, as who is to
 * connect it to a router makes it first. Hosts answer for the gateway: no instance can have it.
 */
export function mayBeGateway({ device_owner, host = '' }: Pick<Holder, 'device_owner' | 'host'>): boolean {
  return isAdminPort(device_owner) || (device_owner === '' && host === '');
}

/** A gateway's address that a port holds and, as it is to be, may not; null when there is none. */
export function lostGateway(state: StateReader, holder: Holder): Problem | null {
  if (mayBeGateway(holder)) return null;
  const lost = holder.held.find(({ ip_address }) => isGateway(state, ip_address));
  return lost === undefined ? null : problem('IpAddressInUse', { ip_address: lost.ip_address, net_id: holder.network.id });
}

/** Whether a port holds the address that is to be a gateway. A `network:` port may: it is the gateway. */
export function isGatewayHeld(state: StateReader, gateway: Ip): boolean {
  const holder = state.holderOf(gateway);
  return holder !== undefined && !isAdminPort(holder.device_owner);
}

/** Whether a port waits for its host before it gets addresses: every subnet that it could have one of is of some segment. */
export function isDeferred(state: StateReader, { network, device_owner, host = '' }: Holder): boolean {
  if (host !== '' || isAdminPort(device_owner)) return false;
  const subnets = servedSubnets(subnetsOf(state, network.id), device_owner);
  return subnets.length > 0 && subnets.every(({ segment_id }) => segment_id !== null);
}

/** Whether the subnet's addresses are for ports of this owner; DHCP ports are for any that has DHCP (neutron `objects/subnet.py`). */
export function isServed({ service_types, enable_dhcp }: Subnet, deviceOwner: string): boolean {
  return service_types.length === 0 || service_types.includes(deviceOwner) || (enable_dhcp && deviceOwner === 'network:dhcp');
}

/** The subnets that are for ports of this owner, those that are for it by name first. */
function servedSubnets(subnets: readonly Subnet[], deviceOwner: string): Subnet[] {
  const served = subnets.filter((subnet) => isServed(subnet, deviceOwner));
  return [
    ...served.filter(({ service_types }) => service_types.length > 0),
    ...served.filter(({ service_types }) => service_types.length === 0),
  ];
}

/** A network's subnets in a fixed order: oldest first. */
function subnetsOf(state: StateReader, network: string): Subnet[] {
  return state
    .by('subnet.network_id', network)
    .sort((a, b) => (a.created_at === b.created_at ? (a.id < b.id ? -1 : 1) : a.created_at < b.created_at ? -1 : 1));
}

type Place = { readonly holder: Holder; readonly subnets: readonly Subnet[] };

function granted(work: Work, place: Place, wishes: readonly FixedIpWish[]): FixedIp[] | Problem {
  const chosen: FixedIp[] = [];
  // Given addresses first: an allocation must not take what is asked for by name in the same request.
  for (const wish of [...wishes].sort((a, b) => Number(a.ip_address === undefined) - Number(b.ip_address === undefined))) {
    const subnet = subnetFor(work, place, wish);
    if (isProblem(subnet)) return subnet;
    const isAuto = isAutoAddressed(subnet) && !isAdminPort(place.holder.device_owner);
    if (wish.ip_address === undefined && isAuto) continue;
    const fixedIp =
      wish.ip_address === undefined ? allocateFrom(work, [subnet], chosen) : given(work, { place, subnet, chosen }, wish.ip_address);
    if (fixedIp === null) return problem('IpAddressGenerationFailure', { net_id: place.holder.network.id });
    if (isProblem(fixedIp)) return fixedIp;
    chosen.push(fixedIp);
  }
  return withAutoAddresses(work, place, chosen);
}

/** The subnet that a wish is of. */
function subnetFor(work: Work, { holder, subnets }: Place, wish: FixedIpWish): Subnet | Problem {
  const { ip_address: ip, subnet_id: id } = wish;
  if (ip === undefined && id === undefined)
    return problem('InvalidInput', { error_message: 'IP allocation requires subnet_id or ip_address' });
  if (subnets.length === 0) return problem('InvalidInput', { error_message: 'IP allocation requires subnets for network' });
  if (id === undefined) {
    const found = subnets.find((subnet) => ip !== undefined && isUsable(subnet.cidr, ip));
    return found ?? problem('InvalidIpForNetwork', { ip_address: ip ?? '' });
  }
  const subnet = subnets.find((candidate) => candidate.id === id);
  if (subnet === undefined) {
    const elsewhere = work.state.get('subnet', id);
    if (elsewhere === undefined || !isVisible(work, 'subnet', elsewhere)) return notFound('subnet', id);
    return problem('InvalidInput', {
      error_message: `Failed to create port on network ${holder.network.id}, because fixed_ips included invalid subnet ${id}`,
    });
  }
  return ip === undefined || isUsable(subnet.cidr, ip) ? subnet : problem('InvalidIpForSubnet', { ip_address: ip });
}

function given(work: Work, at: { place: Place; subnet: Subnet; chosen: readonly FixedIp[] }, ip: Ip): FixedIp | Problem {
  const { holder } = at.place;
  const isNetworks = isAdminPort(holder.device_owner);
  if (isAutoAddressed(at.subnet) && !isNetworks && eui64(at.subnet.cidr, holder.mac) !== ip) {
    return problem('InvalidInput', {
      error_message: `IPv6 address ${ip} cannot be directly assigned to a port on subnet ${at.subnet.id} as the subnet is configured for automatic addresses`,
    });
  }
  const other = work.state.holderOf(ip);
  const isTaken = (other !== undefined && other.id !== holder.id) || at.chosen.some(({ ip_address }) => ip_address === ip);
  if (isTaken || (!mayBeGateway(holder) && isGateway(work.state, ip))) {
    return problem('IpAddressInUse', { ip_address: ip, net_id: holder.network.id });
  }
  return { subnet_id: at.subnet.id, ip_address: ip };
}

function withAutoAddresses(work: Work, { holder, subnets }: Place, chosen: readonly FixedIp[]): FixedIp[] | Problem {
  const all = [...chosen];
  if (isAdminPort(holder.device_owner)) return all;
  for (const subnet of subnets) {
    if (!isAutoAddressed(subnet)) continue;
    const fixedIp = autoAddress(work.state, subnet, { id: holder.id, mac_address: holder.mac, network_id: holder.network.id });
    if (isProblem(fixedIp)) return fixedIp;
    if (!all.some(({ ip_address }) => ip_address === fixedIp.ip_address)) all.push(fixedIp);
  }
  return all;
}

/** Whether the address is the gateway of any subnet: overlapping ones count, where the operator allows them. */
function isGateway(state: StateReader, ip: Ip): boolean {
  return state.overlapping(hostCidr(ip)).some((subnet) => subnet.gateway_ip === ip);
}

/** A free address of the first subnet that has one; null when none has. */
function allocateFrom(work: Work, subnets: readonly Subnet[], chosen: readonly FixedIp[]): FixedIp | null {
  const isFree = (ip: Ip): boolean =>
    work.state.holderOf(ip) === undefined && !chosen.some(({ ip_address }) => ip_address === ip) && !isGateway(work.state, ip);
  for (const subnet of subnets) {
    const ip = freeAddress(subnet, { isFree, random: work.context.random, held: work.state.countBy('port.subnet_id', subnet.id) });
    if (ip !== null) return { subnet_id: subnet.id, ip_address: ip };
  }
  return null;
}

/** What `freeAddress` knows besides the subnet. */
type Search = { readonly isFree: (ip: Ip) => boolean; readonly random: () => number; readonly held: number };

/**
 * A free address of the subnet's pools: at random among the first few hundred, or the first four times as many as there are holders,
 * so that addresses stay low and readable, one just given up is not the next to be given, and a try usually succeeds. Without luck
 * every address is looked at, from a random one on: constant cost unless the pools are nearly full, at most linear in the holders.
 */
function freeAddress(subnet: Subnet, { isFree, random, held }: Search): Ip | null {
  const family = subnet.ip_version;
  const spans = subnet.allocation_pools.map(({ start, end }) => ({ first: ipValue(start), size: ipValue(end) - ipValue(start) + 1n }));
  const total = spans.reduce((sum, { size }) => sum + size, 0n);
  if (total === 0n) return null;
  const at = (offset: bigint): Ip => {
    let rest = offset;
    for (const { first, size } of spans) {
      if (rest < size) return ipFromValue(family, first + rest);
      rest -= size;
    }
    return subnet.allocation_pools[0]?.start ?? ipFromValue(family, 0n);
  };
  const wide = 4n * BigInt(held) > WINDOW ? 4n * BigInt(held) : WINDOW;
  const window = wide < total ? wide : total;
  for (let tried = 0; tried < TRIES; tried++) {
    const ip = at(BigInt(Math.floor(random() * Number(window))));
    if (isFree(ip)) return ip;
  }
  const start = BigInt(Math.floor(random() * Number(total)));
  for (let step = 0n; step < total; step++) {
    const ip = at((start + step) % total);
    if (isFree(ip)) return ip;
  }
  return null;
}

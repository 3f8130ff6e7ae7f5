import { type AddressPair, compareIds, isPrefix, type Member, memberOf } from '@manx/hoststate';
import {
  type Cidr,
  cidrContains,
  cidrFirst,
  cidrLast,
  compareCidrs,
  compareIps,
  hostCidr,
  type Ip,
  parseCidr,
  parseIp,
  parseMac,
  prefixLength,
} from '@manx/ip';
import type { Port, StateReader } from '@manx/model';
import { isPluggedIn } from './is-plugged-in.js';

/** The prefix of a pair; null for text that is none in canonical form, and for everything there is, which no pair may be. */
function pairPrefix(text: string): Cidr | null {
  const ip = parseIp(text);
  if (ip !== null) return ip === text ? hostCidr(ip) : null;
  const parsed = parseCidr(text);
  return parsed !== null && !parsed.hostBits && parsed.cidr === text && prefixLength(parsed.cidr) > 0 ? parsed.cidr : null;
}

/** What a port's pairs give to the sets of its groups, as in Neutron: each address and prefix, wherever it may be routed. */
export function pairMembers(port: Port | undefined): readonly Member[] {
  return (port?.allowed_address_pairs ?? []).flatMap(({ ip_address }) => {
    const cidr = pairPrefix(ip_address);
    return cidr === null ? [] : [memberOf(cidr)];
  });
}

/** The pairs of a port, sorted; `bad` is told of those that cannot be said, which allow nothing. */
export function compilePairs(port: Port, state: StateReader, bad: (text: string) => void): readonly AddressPair[] {
  const pairs = new Map<string, AddressPair>();
  for (const { ip_address, mac_address: mac } of port.allowed_address_pairs) {
    const cidr = pairPrefix(ip_address);
    if (cidr === null || parseMac(mac) !== mac) bad(ip_address);
    else {
      const routed = isRouted(cidr, port, state);
      const claimant = routed && !isPrefix(memberOf(cidr)) ? claimantOf(cidrFirst(cidr), state) : null;
      pairs.set(`${cidr} ${mac}`, { cidr, mac, isRouted: routed, isYielded: claimant !== null && claimant !== port.id });
    }
  }
  return [...pairs.values()].sort((a, b) => compareCidrs(a.cidr, b.cidr) || compareIds(a.mac, b.mac));
}

/** The addresses that a port has claimed by an announcement, and that are its to receive (S9). Sorted. */
export function compileClaims(port: Port, state: StateReader): readonly Ip[] {
  const ips = (port.claimed_addresses ?? []).map(({ ip_address }) => ip_address);
  return ips.filter((ip) => claimantOf(ip, state) === port.id).sort(compareIps);
}

/** The id of the port that packets to an address go to alone because it was the last to claim it; null when that is nobody. */
function claimantOf(ip: Ip, state: StateReader): string | null {
  let last: { readonly id: string; readonly at: string } | null = null;
  for (const port of state.by('port.claimed_address', ip)) {
    const at = port.claimed_addresses?.find(({ ip_address }) => ip_address === ip)?.claimed_at ?? '';
    const isLater = last === null || at > last.at || (at === last.at && port.id > last.id);
    if (isLater && mayClaim(ip, port, state)) last = { id: port.id, at };
  }
  return last?.id ?? null;
}

/** Whether a port can answer at an address that it has claimed: it is plugged in and up, and has the address, or a prefix around it, as a pair. */
function mayClaim(ip: Ip, port: Port, state: StateReader): boolean {
  if (!isPluggedIn(port) || !port.admin_state_up || state.get('network', port.network_id)?.admin_state_up !== true) return false;
  if (parseIp(ip) !== ip || port.fixed_ips.some(({ ip_address }) => ip_address === ip)) return false;
  const isPaired = port.allowed_address_pairs.some(({ ip_address, mac_address }) => {
    const cidr = pairPrefix(ip_address);
    return cidr !== null && parseMac(mac_address) === mac_address && cidrContains(cidr, ip);
  });
  return isPaired && isRouted(hostCidr(ip), port, state);
}

/**
 * Whether packets to a pair go to the port: it lies in a subnet of the port's own network, and is nobody's to receive by right. A
 * subnet's gateway is, and an address that a plugged-in port or the network itself (a router, a floating IP) holds; one that only a
 * spare port holds, as VRRP's are reserved, is not. A prefix gets what no longer one around it does, and never a live port's address.
 */
function isRouted(cidr: Cidr, port: Port, state: StateReader): boolean {
  const subnets = state.by('subnet.network_id', port.network_id);
  if (!subnets.some((subnet) => covers(subnet.cidr, cidr))) return false;
  const ip = cidrFirst(cidr);
  if (hostCidr(ip) !== cidr) return true;
  if (subnets.some(({ gateway_ip }) => gateway_ip === ip)) return false;
  const holder = state.holderOf(ip);
  return holder === undefined || holder.id === port.id || (!isPluggedIn(holder) && !holder.device_owner.startsWith('network:'));
}

function covers(outer: Cidr, inner: Cidr): boolean {
  return cidrContains(outer, cidrFirst(inner)) && cidrContains(outer, cidrLast(inner));
}

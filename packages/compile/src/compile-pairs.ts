import { type AddressPair, compareIds, type Member, memberOf } from '@manx/hoststate';
import { type Cidr, cidrContains, cidrFirst, cidrLast, compareCidrs, hostCidr, parseCidr, parseIp, parseMac, prefixLength } from '@manx/ip';
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
    else pairs.set(`${cidr} ${mac}`, { cidr, mac, isRouted: isRouted(cidr, port, state) });
  }
  return [...pairs.values()].sort((a, b) => compareCidrs(a.cidr, b.cidr) || compareIds(a.mac, b.mac));
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

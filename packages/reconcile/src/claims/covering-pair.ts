import type { AddressPair, Endpoint } from '@manx/hoststate';
import { cidrContains, hostCidr, type Ip, prefixLength } from '@manx/ip';

/** The pair by which an endpoint may claim an address: that address itself, else the longest prefix around it. Null: it may not. */
export function coveringPair({ isUp, addresses, pairs }: Endpoint, ip: Ip): AddressPair | null {
  if (!isUp || addresses.some((address) => address.ip === ip)) return null;
  const around = pairs.filter(({ cidr, isRouted }) => isRouted && cidrContains(cidr, ip));
  return around.reduce<AddressPair | null>((best, pair) => (best === null || isLonger(pair, best) ? pair : best), null);
}

/** Whether the pair is the address itself. */
export function isPairOf({ cidr }: AddressPair, ip: Ip): boolean {
  return cidr === hostCidr(ip);
}

function isLonger(a: AddressPair, b: AddressPair): boolean {
  return prefixLength(a.cidr) > prefixLength(b.cidr);
}

import type { Endpoint } from '@manx/hoststate';
import { type Cidr, cidrFirst, cidrLast, familyOf, type Ip, ipValue, type Mac } from '@manx/ip';
import { isSingle, pairNets } from './pair-elements.js';

/** What an endpoint may speak for in neighbour discovery: the targets of its advertisements, and the MACs in its options. */
export type NdElements = {
  readonly ndMacs: readonly string[];
  readonly ndTargets: readonly string[];
  readonly ndTargetNets: readonly string[];
};

/** The lowest number that libnftables-json(5) writes as text: between what a JSON number can hold and this one none is read back exactly. */
const EXACT_FROM = 1n << 64n;

/** The elements of an endpoint: those of its source check, with addresses and MACs as the plain numbers by which nft compares raw fields. */
export function ndElements({ ifname, mac, addresses, pairs }: Endpoint): NdElements {
  const tap = `"${ifname}"`;
  const macs = [...new Set([mac, ...pairs.map((pair) => pair.mac)])];
  const singles = [
    ...addresses.map(({ ip }) => ({ ip, mac })),
    ...pairs.filter(({ cidr }) => isSingle(cidr)).map((pair) => ({ ip: cidrFirst(pair.cidr), mac: pair.mac })),
  ];
  return {
    ndMacs: macs.map((one) => `${tap} . ${one} . ${hex(macValue(one))}`),
    ndTargets: [...new Set(singles.filter(({ ip }) => isSayable(ip)).map((one) => `${tap} . ${one.mac} . ${hex(ipValue(one.ip))}`))],
    ndTargetNets: pairNets(pairs).flatMap(({ cidr, mac: of }) => (isSayable(cidr) ? [`${tap} . ${of} . ${rangeText(cidr)}`] : [])),
  };
}

/** Of IPv6, and not in ::/64, which nobody is given (RFC 4291, section 2.4). */
function isSayable(x: Ip | Cidr): boolean {
  if (familyOf(x) === 4) return false;
  return ipValue(x.includes('/') ? cidrLast(x as Cidr) : (x as Ip)) >= EXACT_FROM;
}

function rangeText(cidr: Cidr): string {
  return `${hex(ipValue(cidrFirst(cidr)))}-${hex(ipValue(cidrLast(cidr)))}`;
}

function macValue(mac: Mac): bigint {
  return BigInt(`0x${mac.replaceAll(':', '')}`);
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

import type { AddressPair, Endpoint } from '@manx/hoststate';
import { type Cidr, cidrFirst, familyOf, hostCidr, type Mac } from '@manx/ip';
import { outermost } from './peer-match.js';

/** What an endpoint's pairs put into the sets: addresses into those that are asked by hash, prefixes into interval sets. */
export type PairElements = {
  /** The endpoint's own MAC and those of its pairs, each once. */
  readonly macs: readonly Mac[];
  readonly sourcesV4: readonly string[];
  readonly sourcesV6: readonly string[];
  readonly sourceNetsV4: readonly string[];
  readonly sourceNetsV6: readonly string[];
  readonly arpSenders: readonly string[];
  readonly arpSenderNets: readonly string[];
  readonly arpPairs: readonly string[];
};

/** Whether the prefix is one address. */
export function isSingle(cidr: Cidr): boolean {
  return hostCidr(cidrFirst(cidr)) === cidr;
}

/** The pairs that are prefixes. Of those that lie in one another with one MAC only the outermost stands: intervals are disjoint. */
export function pairNets(pairs: readonly AddressPair[]): ReadonlyArray<Pick<AddressPair, 'cidr' | 'mac'>> {
  return [...new Set(pairs.map(({ mac }) => mac))].flatMap((mac) => {
    const ofMac = pairs.filter((pair) => pair.mac === mac && !isSingle(pair.cidr)).map(({ cidr }) => cidr);
    return outermost(ofMac).map((cidr) => ({ cidr, mac }));
  });
}

/** The elements of an endpoint's pairs. */
export function pairElements({ ifname, mac: own, addresses, pairs }: Endpoint): PairElements {
  const tap = `"${ifname}"`;
  const macs = [...new Set([own, ...pairs.map(({ mac }) => mac)])];
  const isOwn = ({ cidr, mac }: AddressPair): boolean => mac === own && addresses.some(({ ip }) => hostCidr(ip) === cidr);
  const singles = pairs.filter((pair) => isSingle(pair.cidr) && !isOwn(pair)).map(({ cidr, mac }) => ({ ip: cidrFirst(cidr), mac }));
  const nets = pairNets(pairs);
  const [singles4, singles6] = ([4, 6] as const).map((family) => singles.filter(({ ip }) => familyOf(ip) === family)) as [
    typeof singles,
    typeof singles,
  ];
  const nets4 = nets.filter(({ cidr }) => familyOf(cidr) === 4);
  const nets6 = nets.filter(({ cidr }) => familyOf(cidr) === 6);
  const isOwnAddress = (ip: string): boolean => addresses.some((address) => address.ip === ip);
  return {
    macs,
    sourcesV4: singles4.map(({ ip, mac }) => `${tap} . ${mac} . ${ip}`),
    sourcesV6: singles6.map(({ ip, mac }) => `${tap} . ${mac} . ${ip}`),
    sourceNetsV4: nets4.map(({ cidr, mac }) => `${tap} . ${mac} . ${cidr}`),
    sourceNetsV6: nets6.map(({ cidr, mac }) => `${tap} . ${mac} . ${cidr}`),
    arpSenders: singles4.map(({ ip, mac }) => `${tap} . ${mac} . ${mac} . ${ip}`),
    arpSenderNets: nets4.map(({ cidr, mac }) => `${tap} . ${mac} . ${mac} . ${cidr}`),
    arpPairs: [...new Set(singles4.map(({ ip }) => ip))].filter((ip) => !isOwnAddress(ip)).map((ip) => `${tap} . ${ip} . ${ip}`),
  };
}

import type { Endpoint } from '@manx/hoststate';
import type { NftChain, NftMap, NftSet } from '../host-plan.js';
import { remember } from '../remember.js';
import { type EndpointNft, renderEndpoint } from './endpoint-nft.js';

/** What the endpoints of a host put into the tables, all together. */
export type EndpointSets = {
  readonly chains: ReadonlyArray<readonly [string, NftChain]>;
  readonly inetSets: ReadonlyArray<readonly [string, NftSet]>;
  readonly inetMaps: ReadonlyArray<readonly [string, NftMap]>;
  readonly arpSets: ReadonlyArray<readonly [string, NftSet]>;
};

/** The chains of the endpoints, and the sets and maps that are shared by all: the same list gives the same answer, by reference. */
export const renderEndpoints = remember((endpoints: readonly Endpoint[]): EndpointSets => {
  const nft = endpoints.map(renderEndpoint);
  const taps = hashSet('ifname', nft, (one) => [one.tap]);
  return {
    chains: nft.flatMap(({ chains }) => chains),
    inetSets: [
      ['taps', taps],
      ['macs', hashSet('ifname . ether_addr', nft, (one) => one.macs)],
      ['sources-v4', hashSet('ifname . ether_addr . ipv4_addr', nft, (one) => one.sourcesV4)],
      ['sources-v6', hashSet('ifname . ether_addr . ipv6_addr', nft, (one) => one.sourcesV6)],
    ],
    inetMaps: [
      ['egress', verdictMap(nft, (one) => one.egress)],
      ['ingress', verdictMap(nft, (one) => one.ingress)],
    ],
    arpSets: [
      ['taps', taps],
      ['senders', hashSet('ifname . ether_addr . ether_addr . ipv4_addr', nft, (one) => one.arpSenders)],
      ['own', hashSet('ifname . ipv4_addr', nft, (one) => one.arpOwn)],
    ],
  };
});

function hashSet(type: string, nft: readonly EndpointNft[], elementsOf: (one: EndpointNft) => readonly string[]): NftSet {
  return { type, flags: [], elements: new Set(nft.flatMap(elementsOf)) };
}

function verdictMap(nft: readonly EndpointNft[], verdictOf: (one: EndpointNft) => string): NftMap {
  return { type: 'ifname', value: 'verdict', flags: [], elements: new Map(nft.map((one) => [one.tap, verdictOf(one)])) };
}

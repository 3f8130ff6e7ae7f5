import { type Endpoint, type HostState, isStateful } from '@manx/hoststate';
import { hostCidr, type Ip } from '@manx/ip';
import type { NftChain, NftMap, NftSet } from '../host-plan.js';
import { CLAIM_CHAINS_ARP, CLAIM_CHAINS_INET } from './claim-chains.js';
import { DHCP_CLIENT } from './dhcp-chains.js';
import { type EndpointNft, renderStateful, renderStateless, renderTranslated } from './endpoint-nft.js';
import { rangeTexts, withoutParts } from './intervals.js';

/** What the endpoints of a host put into the tables, all together. */
export type EndpointSets = {
  readonly chains: ReadonlyArray<readonly [string, NftChain]>;
  readonly inetSets: ReadonlyArray<readonly [string, NftSet]>;
  readonly inetMaps: ReadonlyArray<readonly [string, NftMap]>;
  readonly arpChains: ReadonlyArray<readonly [string, NftChain]>;
  readonly arpMaps: ReadonlyArray<readonly [string, NftMap]>;
  readonly arpSets: ReadonlyArray<readonly [string, NftSet]>;
  /** Of the table `netdev manx`. */
  readonly frameChains: ReadonlyArray<readonly [string, NftChain]>;
  /** Whether some endpoint has a rule for every packet that it sends. */
  readonly hasChecked: boolean;
  /** Whether some endpoint's flows are not tracked; whether some endpoint has a floating IP or a forward. */
  readonly hasUntracked: boolean;
  /** Whether some endpoint's connections may have begun on another host. */
  readonly hasMoved: boolean;
  readonly hasFloating: boolean;
  /** Whether some floating IP is limited. */
  readonly hasLimits: boolean;
};

/** Interface, sender's MAC and the target address of the message, for which nft 1.0.6 has no type. */
const ND_TARGET = 'iifname . ether saddr . @th,64,128';

type Memory = { readonly nft: readonly EndpointNft[]; readonly sets: EndpointSets };

const memories = new WeakMap<readonly Endpoint[], Memory>();

/** The chains of the endpoints, and the sets and maps that are shared by all: the same list gives the same answer, by reference. */
export function renderEndpoints(state: HostState, endpoints: readonly Endpoint[]): EndpointSets {
  const forwardedTo = new Set(endpoints.flatMap(({ forwards }) => forwards.map(({ fixed }) => fixed)));
  const isTranslated = ({ addresses, floating, forwards }: Endpoint): boolean =>
    floating.length + forwards.length > 0 || addresses.some(({ ip }) => forwardedTo.has(ip));
  const nft = endpoints.map((endpoint) => {
    if (isStateful(state, endpoint)) return renderStateful(endpoint);
    return isTranslated(endpoint) ? renderTranslated(endpoint) : renderStateless(endpoint);
  });
  const known = memories.get(endpoints);
  if (known?.nft.every((one, index) => one === nft[index]) === true) return known.sets;
  const sets = allSets(nft);
  memories.set(endpoints, { nft, sets });
  return sets;
}

function allSets(nft: readonly EndpointNft[]): EndpointSets {
  const taps = hashSet('ifname', nft, (one) => [one.tap]);
  const unsecured = hashSet('ifname', nft, (one) => one.unsecured);
  const hasUntracked = nft.some(({ untracked }) => untracked.length > 0);
  const hasChecked = nft.some(({ checked }) => checked.length > 0);
  const claimChains = nft.flatMap((one) => one.claimChains);
  const hasClaims = claimChains.length > 0;
  const hasMoved = nft.some(({ moved }) => moved.length > 0);
  const hasFloating = nft.some(({ floatingSelf }) => floatingSelf.length > 0);
  const hasLimits = nft.some(({ limitChains }) => limitChains.length > 0);
  return {
    hasChecked,
    hasUntracked,
    hasMoved,
    hasFloating,
    hasLimits,
    chains: [...nft.flatMap(({ chains }) => chains), ...(hasClaims ? [...CLAIM_CHAINS_INET, ...claimChains] : [])],
    arpChains: hasClaims ? [...CLAIM_CHAINS_ARP, ...claimChains] : [],
    arpMaps: hasClaims ? [['claims', claimMap(nft)]] : [],
    frameChains: nft.map(({ frames }) => frames),
    inetSets: [
      ['taps', taps],
      ['unsecured', unsecured],
      ['macs', hashSet('ifname . ether_addr', nft, (one) => one.macs)],
      ['sources-v4', hashSet('ifname . ether_addr . ipv4_addr', nft, (one) => one.sourcesV4)],
      ['sources-v6', hashSet('ifname . ether_addr . ipv6_addr', nft, (one) => one.sourcesV6)],
      ['source-nets-v4', intervalSet('ifname . ether_addr . ipv4_addr', nft, (one) => one.sourceNetsV4)],
      ['source-nets-v6', intervalSet('ifname . ether_addr . ipv6_addr', nft, (one) => one.sourceNetsV6)],
      ['nd-macs', { ...hashSet('ifname . ether_addr . integer', nft, (one) => one.ndMacs), typeof: 'iifname . ether saddr . @th,80,48' }],
      ['nd-targets', { ...hashSet('ifname . ether_addr . integer', nft, (one) => one.ndTargets), typeof: ND_TARGET }],
      ['nd-target-nets', { ...intervalSet('ifname . ether_addr . integer', nft, (one) => one.ndTargetNets), typeof: ND_TARGET }],
      ...(hasChecked ? [['checked', hashSet('ifname', nft, (one) => one.checked)] as const] : []),
      ['dhcp-clients', { ...hashSet('ifname . integer', nft, (one) => one.dhcpClients), typeof: DHCP_CLIENT }],
      ...(hasMoved ? [['moved', hashSet('ifname', nft, (one) => one.moved)] as const] : []),
      ...(hasUntracked ? untrackedSets(nft) : []),
      ...(hasFloating ? floatingSets(nft) : []),
    ],
    inetMaps: [
      ['egress', verdictMap(nft, (one) => one.egress)],
      ['ingress', verdictMap(nft, (one) => one.ingress)],
      ...(hasClaims ? [['claims', claimMap(nft)] as const] : []),
      ...(hasFloating ? floatingMaps(nft) : []),
      ...(hasLimits ? limitMaps(nft) : []),
    ],
    arpSets: [
      ['taps', taps],
      ['unsecured', unsecured],
      ['senders', hashSet('ifname . ether_addr . ether_addr . ipv4_addr', nft, (one) => one.arpSenders)],
      ['sender-nets', intervalSet('ifname . ether_addr . ether_addr . ipv4_addr', nft, (one) => one.arpSenderNets)],
      ['own', hashSet('ifname . ipv4_addr', nft, (one) => one.arpOwn)],
      ['pairs', hashSet('ifname . ipv4_addr . ipv4_addr', nft, (one) => one.arpPairs)],
    ],
  };
}

/**
 * What is for somebody here whose flows are tracked is not among them, be it shared with one whose are not, or within a prefix of that one: it is
 * decided before anybody knows who will get a packet, and who does without connection tracking does with it as well.
 */
function untrackedSets(nft: readonly EndpointNft[]): ReadonlyArray<readonly [string, NftSet]> {
  const tracked = new Set(nft.flatMap((one) => one.tracked));
  const isFree = (ip: string): boolean => !tracked.has(hostCidr(ip as Ip));
  const nets = withoutParts(
    nft.flatMap(({ untrackedNets }) => untrackedNets),
    tracked,
  );
  const prefixes = (family: 4 | 6): NftSet => ({
    type: `ipv${family}_addr`,
    flags: ['interval'],
    elements: new Set(rangeTexts(nets, family)),
  });
  return [
    ['untracked', hashSet('ifname', nft, (one) => one.untracked)],
    ['untracked-v4', hashSet('ipv4_addr', nft, (one) => one.untrackedV4.filter(isFree))],
    ['untracked-v6', hashSet('ipv6_addr', nft, (one) => one.untrackedV6.filter(isFree))],
    ['untracked-nets-v4', prefixes(4)],
    ['untracked-nets-v6', prefixes(6)],
  ];
}

function floatingSets(nft: readonly EndpointNft[]): ReadonlyArray<readonly [string, NftSet]> {
  return [
    ['floating', hashSet('ipv4_addr', nft, (one) => one.floatingSelf.map(([ip]) => ip))],
    ['hairpins', hashSet('ipv4_addr . ipv4_addr', nft, (one) => one.hairpins)],
  ];
}

function floatingMaps(nft: readonly EndpointNft[]): ReadonlyArray<readonly [string, NftMap]> {
  const addresses = (of: (one: EndpointNft) => ReadonlyArray<readonly [string, string]>): NftMap => ({
    type: 'ipv4_addr',
    value: 'ipv4_addr',
    flags: [],
    elements: new Map(nft.flatMap(of)),
  });
  const type = 'ipv4_addr . inet_proto . inet_service';
  return [
    ['floating-self', addresses((one) => one.floatingSelf)],
    ['floating-in', addresses((one) => one.floatingIn)],
    ['floating-out', addresses((one) => one.floatingOut)],
    ['forwards', { type, value: 'ipv4_addr . inet_service', flags: [], elements: new Map(nft.flatMap((one) => one.forwards)) }],
    ['forward-ranges', { type, value: 'ipv4_addr', flags: ['interval'], elements: new Map(nft.flatMap((one) => one.forwardRanges)) }],
  ];
}

function limitMaps(nft: readonly EndpointNft[]): ReadonlyArray<readonly [string, NftMap]> {
  const verdicts = (of: (one: EndpointNft) => ReadonlyArray<readonly [string, string]>): NftMap => ({
    type: 'ipv4_addr',
    value: 'verdict',
    flags: [],
    elements: new Map(nft.flatMap(of)),
  });
  return [
    ['limits-in', verdicts((one) => one.limitsIn)],
    ['limits-out', verdicts((one) => one.limitsOut)],
  ];
}

function hashSet(type: string, nft: readonly EndpointNft[], elementsOf: (one: EndpointNft) => readonly string[]): NftSet {
  return { type, flags: [], elements: new Set(nft.flatMap(elementsOf)) };
}

function intervalSet(type: string, nft: readonly EndpointNft[], elementsOf: (one: EndpointNft) => readonly string[]): NftSet {
  return { ...hashSet(type, nft, elementsOf), flags: ['interval'] };
}

function claimMap(nft: readonly EndpointNft[]): NftMap {
  const elements = nft.flatMap(({ tap, claimChains }) => claimChains.map(([name]) => [tap, `jump ${name}`] as const));
  return { type: 'ifname', value: 'verdict', flags: [], elements: new Map(elements) };
}

function verdictMap(nft: readonly EndpointNft[], verdictOf: (one: EndpointNft) => string): NftMap {
  return { type: 'ifname', value: 'verdict', flags: [], elements: new Map(nft.map((one) => [one.tap, verdictOf(one)])) };
}

import {
  type AddressSet,
  coversIp,
  type Endpoint,
  FLAT_SPACE,
  type HostState,
  isObjectId,
  isPrefix,
  type Member,
  nattedPrefixes,
} from '@manx/hoststate';
import { type Family, familyOf } from '@manx/ip';
import type { NftChain, NftSet, NftTable, RenderProblem } from '../host-plan.js';
import { remember } from '../remember.js';
import type { RenderSettings } from '../settings.js';
import { ADDRESS_METERS_ARP, ADDRESS_METERS_INET } from './address-chains.js';
import { type ConnectionLimits, connectionLimits } from './connection-chains.js';
import { DHCP_METERS } from './dhcp-chains.js';
import { DNS_METERS } from './dns-chains.js';
import type { DropChains } from './drop-chains.js';
import { type EndpointSets, renderEndpoints } from './endpoint-sets.js';
import { ARP_CHAINS, ARP_DROPS, fixedChains, forwardChains, INET_DROPS, STATEFUL_OF_MOVED } from './fixed-chains.js';
import { FRAME_CHAINS, FRAME_DROPS } from './frame-chains.js';
import { intervals } from './intervals.js';
import { ACCEPT_METERS, acceptChains, LOGGED_TAPS, loggedDrops, loggedPolicies, loggedPolicy, loggedTaps } from './log-chains.js';
import { MULTICAST_METERS } from './multicast-chains.js';
import { DROP_METER_PREFIX, groupSet, isTapName, loggedChain, policyChain, prefixSet } from './names.js';
import { floatingChains, LIMIT_CHAINS, snatChains, untrackedChains } from './optional-chains.js';
import { renderPolicy } from './policy-chains.js';

/** The tables, and what could not be said in them. */
export type RenderedTables = { readonly tables: readonly NftTable[]; readonly problems: readonly RenderProblem[] };

const NOTHING: NftChain = { hook: null, rules: [] };

const INET_METERS = new Map([...INET_DROPS.meters, ...MULTICAST_METERS, ...DHCP_METERS, ...ADDRESS_METERS_INET]);
const ARP_METERS = new Map([...ARP_DROPS.meters, ...ADDRESS_METERS_ARP]);
const FRAME_METERS = new Map(FRAME_DROPS.meters);

/** The sets in which the tables count drops, by the table's family. */
export const DROP_METERS: ReadonlyMap<NftTable['family'], readonly string[]> = new Map([
  ['inet', countersIn(INET_METERS)],
  ['arp', countersIn(ARP_METERS)],
  ['netdev', countersIn(FRAME_METERS)],
]);

function countersIn(meters: NftTable['meters']): readonly string[] {
  return [...meters.keys()].filter((name) => name.startsWith(DROP_METER_PREFIX));
}

/** The taps of ports that are down (S19): known, so that they are told apart from those of nobody, and not let pass. */
const renderDown = remember((byId: HostState['endpoints']): NftSet => {
  const all = [...byId.values()];
  const others = new Set(all.flatMap(({ isUp, ifname }) => (isUp ? [ifname] : [])));
  const down = all.flatMap(({ isUp, ifname }) => (!isUp && isTapName(ifname) && !others.has(ifname) ? [`"${ifname}"`] : []));
  return { type: 'ifname', flags: [], elements: new Set(down.sort()) };
});

const EMPTY = { name: 'manx', sets: new Map(), maps: new Map(), counters: new Set<string>() } as const;

const renderSettings = remember(fixedChains);

const NO_LIMITS: ConnectionLimits = { chains: [], meters: [] };

const limitsOf = remember(({ maxConnections }: RenderSettings) =>
  maxConnections === undefined ? NO_LIMITS : connectionLimits(maxConnections),
);

const metersOf = remember(
  (settings: RenderSettings) => new Map([...INET_METERS, ...(settings.dns === undefined ? [] : DNS_METERS), ...limitsOf(settings).meters]),
);

/**
 * The tables `inet manx`, `arp manx` and `netdev manx` for these endpoints: one lookup by interface name in each direction, however
 * many endpoints; a chain per security group and direction, shared; a plain hash set per remote group and family.
 * A policy that the state does not have allows nothing, a set that it does not have is nobody: both are problems.
 */
export function renderTables(state: HostState, endpoints: readonly Endpoint[], settings: RenderSettings): RenderedTables {
  const shared = renderEndpoints(state, endpoints);
  const problems: RenderProblem[] = [];
  const natted = settings.hostSnat === undefined ? [] : natted4(state.subnets);
  const flat = shared.hasFloating || natted.length > 0 ? flatSpace(state, { endpoints, natted, problems }) : null;
  const snat = natted.length > 0 && flat !== null ? settings : undefined;
  const drops = renderLoggedDrops(endpoints, settings);
  const chains = new Map([
    ...renderSettings(settings),
    ...limitsOf(settings).chains,
    ...drops.inet.chains,
    ...optionalChains(shared, flat !== null, snat),
    ...shared.chains,
  ]);
  const counters = new Set<string>();
  const groups = addPolicies(state, { endpoints, chains, counters, problems });
  const accepts = addLogged(endpoints, chains, settings);
  const inet: NftTable = {
    family: 'inet',
    name: 'manx',
    sets: new Map([
      ['down', renderDown(state.endpoints)],
      ...drops.sets,
      ...shared.inetSets,
      ...(flat === null ? [] : [['flat-space', flat] as const]),
      ...(snat === undefined ? [] : [['snat-nets', renderNatted(natted)] as const]),
      ...groupSets(state, groups, problems),
    ]),
    maps: new Map(shared.inetMaps),
    meters: new Map([...metersOf(settings), ...drops.inet.meters, ...accepts]),
    counters,
    chains,
  };
  const arp: NftTable = {
    ...EMPTY,
    family: 'arp',
    sets: new Map([['down', renderDown(state.endpoints)], ...drops.sets, ...shared.arpSets]),
    maps: new Map(shared.arpMaps),
    meters: new Map([...ARP_METERS, ...drops.arp.meters]),
    chains: new Map([...ARP_CHAINS, ...drops.arp.chains, ...shared.arpChains]),
  };
  const netdev: NftTable = {
    ...EMPTY,
    family: 'netdev',
    sets: new Map(drops.sets),
    meters: new Map([...FRAME_METERS, ...drops.netdev.meters]),
    chains: new Map([...FRAME_CHAINS, ...drops.netdev.chains, ...shared.frameChains]),
  };
  return { tables: [inet, arp, netdev], problems };
}

const NO_DROPS: DropChains = { chains: [], meters: [] };

/** What the tables have where drops of some tap are logged. */
function renderLoggedDrops(
  endpoints: readonly Endpoint[],
  settings: RenderSettings,
): Readonly<Record<'inet' | 'arp' | 'netdev', DropChains>> & { readonly sets: ReadonlyArray<readonly [string, NftSet]> } {
  const taps = loggedTaps(endpoints);
  if (taps === null) return { inet: NO_DROPS, arp: NO_DROPS, netdev: NO_DROPS, sets: [] };
  const [inet, arp, netdev] = [INET_DROPS, ARP_DROPS, FRAME_DROPS].map((drops) => loggedDrops(drops)(settings)) as [
    DropChains,
    DropChains,
    DropChains,
  ];
  return { inet, arp, netdev, sets: [[LOGGED_TAPS, taps]] };
}

/** Adds the chains of policies for the ports where what they accept is logged; answers the meters that those need. */
function addLogged(endpoints: readonly Endpoint[], chains: Map<string, NftChain>, settings: RenderSettings): typeof ACCEPT_METERS {
  const logged = sorted(new Set(endpoints.flatMap((endpoint) => [...loggedPolicies(endpoint)])));
  if (logged.length === 0) return [];
  for (const [name, chain] of acceptChains(settings)) chains.set(name, chain);
  for (const id of logged) {
    for (const direction of ['egress', 'ingress'] as const)
      chains.set(loggedChain(direction, id), loggedPolicy(direction, chains.get(policyChain(direction, id)) ?? NOTHING));
  }
  return ACCEPT_METERS;
}

const [floatingHere, floatingAstray] = [true, false].map(floatingChains);

const forwardChecked = forwardChains({ hasFloating: false, hasChecked: true });
const [forwardFloating, forwardBoth] = [false, true].map((hasChecked) => forwardChains({ hasFloating: true, hasChecked }));

const [untrackedAlone, untrackedBesideSnat] = [false, true].map(untrackedChains);

/** What hosts need, or need otherwise, only for live migrations, for what every packet is asked, for stateless groups, for floating IPs and their limits, or for source NAT. */
function optionalChains(
  { hasChecked, hasUntracked, hasMoved, hasFloating, hasLimits }: EndpointSets,
  hasFlatSpace: boolean,
  snat: RenderSettings | undefined,
): ReadonlyArray<readonly [string, NftChain]> {
  const untracked = hasUntracked ? (snat === undefined ? untrackedAlone : untrackedBesideSnat) : undefined;
  const floating = hasFloating ? (hasFlatSpace ? floatingHere : floatingAstray) : undefined;
  const moved = hasMoved ? STATEFUL_OF_MOVED : [];
  const forwardAlone = hasChecked ? forwardChecked : [];
  const forward = hasFloating ? (hasChecked ? forwardBoth : forwardFloating) : forwardAlone;
  return [
    ...(forward ?? []),
    ...moved,
    ...(untracked ?? []),
    ...(floating ?? []),
    ...(hasLimits ? LIMIT_CHAINS : []),
    ...(snat === undefined ? [] : snatOf(snat)),
  ];
}

const snatOf = remember(({ hostSnat }: RenderSettings) => (hostSnat === undefined ? [] : snatChains(hostSnat)));

const renderNatted = remember((natted: readonly Member[]): NftSet => prefixes(natted, 4));

const natted4 = remember((subnets: HostState['subnets']): readonly Member[] => nattedPrefixes({ subnets }));

/** The prefixes to which fixed IPs stay as they are; without them they stay so everywhere, and the endpoints concerned are told. */
function flatSpace(
  state: HostState,
  { endpoints, natted, problems }: { endpoints: readonly Endpoint[]; natted: readonly Member[]; problems: RenderProblem[] },
): NftSet | null {
  const set = state.sets.get(FLAT_SPACE);
  if (set !== undefined) return renderFlatSpace(set);
  const isNatted = ({ addresses }: Endpoint): boolean => addresses.some(({ ip }) => coversIp(natted, ip));
  for (const endpoint of endpoints) {
    if (endpoint.floating.length === 0 && !isNatted(endpoint)) continue;
    problems.push({ code: 'unknown_set', subject: endpoint.id, detail: `no such set: ${FLAT_SPACE}` });
  }
  return null;
}

const renderFlatSpace = remember((set: AddressSet): NftSet => prefixes(set.members, 4));

/** Adds the chains and counters of the policies that the endpoints use; answers which sets their rules name, and in which policy. */
function addPolicies(
  state: HostState,
  into: {
    readonly endpoints: readonly Endpoint[];
    readonly chains: Map<string, NftChain>;
    readonly counters: Set<string>;
    readonly problems: RenderProblem[];
  },
): Map<string, string> {
  const groups = new Map<string, string>();
  for (const id of sorted(new Set(into.endpoints.flatMap((endpoint) => endpoint.policies)))) {
    const policy = state.policies.get(id);
    if (!isObjectId(id)) {
      into.problems.push({ code: 'bad_name', subject: id, detail: `not a plain id: ${JSON.stringify(id)}` });
      continue;
    }
    if (policy === undefined) into.problems.push({ code: 'unknown_policy', subject: id, detail: `no such policy: ${id}` });
    const nft = policy === undefined ? null : renderPolicy(policy, (set, family) => hasPrefixes(state.sets.get(set), family));
    into.problems.push(...(nft?.problems ?? []));
    for (const counter of nft?.counters ?? []) into.counters.add(counter);
    for (const set of nft?.sets ?? []) if (!groups.has(set)) groups.set(set, id);
    for (const direction of ['egress', 'ingress'] as const) into.chains.set(policyChain(direction, id), nft?.[direction] ?? NOTHING);
  }
  return groups;
}

function groupSets(state: HostState, groups: ReadonlyMap<string, string>, problems: RenderProblem[]): Array<[string, NftSet]> {
  return sorted(groups.keys()).flatMap((id) => {
    const set = state.sets.get(id);
    if (set === undefined) problems.push({ code: 'unknown_set', subject: groups.get(id) ?? id, detail: `no such set: ${id}` });
    const both = set === undefined ? NOBODY : renderSet(set);
    return both.map(([name, one]): [string, NftSet] => [name(id), one]);
  });
}

/** The sets that a set is in nft, and how each is called: addresses of both families, and prefixes of those that have any. */
type NamedSets = ReadonlyArray<readonly [(set: string) => string, NftSet]>;

const renderSet = remember((set: AddressSet): NamedSets => setsOf(set.members));

const NOBODY: NamedSets = setsOf([]);

function setsOf(members: AddressSet['members']): NamedSets {
  return ([4, 6] as const).flatMap((family): NamedSets => {
    const own = members.filter((member) => familyOf(member) === family);
    const nets = own.filter(isPrefix);
    const plain: NftSet = { type: `ipv${family}_addr`, flags: [], elements: new Set(own.filter((member) => !isPrefix(member))) };
    const named = [(set: string) => groupSet(set, family), plain] as const;
    return nets.length === 0 ? [named] : [named, [(set: string) => prefixSet(set, family), prefixes(nets, family)]];
  });
}

const familiesWithPrefixes = remember(
  (set: AddressSet): ReadonlySet<Family> => new Set(set.members.filter(isPrefix).map((cidr) => familyOf(cidr))),
);

function hasPrefixes(set: AddressSet | undefined, family: Family): boolean {
  return set !== undefined && familiesWithPrefixes(set).has(family);
}

function prefixes(members: AddressSet['members'], family: Family): NftSet {
  return { type: `ipv${family}_addr`, flags: ['interval'], elements: new Set(intervals(members, family)) };
}

function sorted(ids: Iterable<string>): string[] {
  return [...ids].sort((a, b) => (a < b ? -1 : 1));
}

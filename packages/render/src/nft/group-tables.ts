import { type Endpoint, type HostState, interestOf, isPrefix, isRoutedGroup, type Membership } from '@manx/hoststate';
import { asCidr, compareIps, type Family, familyOf, type Ip, ipFromValue, ipValue } from '@manx/ip';
import type { NftChain, NftHook, NftMap, NftTable } from '../host-plan.js';
import { OF_LINK_V6 } from './multicast-chains.js';
import { type ResumedNft, resumedChains } from './resumed-chains.js';

/** What the instances of a host listen to, by endpoint. */
export type Memberships = ReadonlyMap<string, readonly Membership[]>;

/** The device that carries multicast between hosts, and nothing else. */
export const TUNNEL_DEVICE = 'manx-mcast';

/** What a host knows of multicast by itself: who listens here, and the index of the device of tunnels, null where there is none. */
export type Listening = { readonly memberships: Memberships; readonly tunnel: number | null };

/** What the tables of groups are made from; `own` is this host's end of tunnels, null where groups do not leave it. */
export type GroupFacts = {
  readonly sets: HostState['sets'];
  readonly endpoints: readonly Endpoint[];
  readonly listening: Listening;
  readonly own: Ip | null;
};

/** What wants a group's packets: an instance here, or a host (then `tap` is null), from some sources. */
type Receiver = {
  readonly to: Ip;
  /** As nft has it: the name of a tap, which is made an index when it is there (`presentTables` of reconcile), or the index of the tunnel's device. */
  readonly device: string;
  readonly tap: string | null;
  readonly mode: Membership['mode'];
  readonly sources: readonly Ip[];
};

const WORDS = {
  4: { family: 'ip', ip: 'ip', groups: '224.0.0.0/4', ttl: 'ip ttl', type: 'ipv4_addr' },
  6: { family: 'ip6', ip: 'ip6', groups: 'ff00::/8', ttl: 'ip6 hoplimit', type: 'ipv6_addr' },
} as const;

/** Directly after `multicast-chains`, which asked the sender's policy. */
const hook: NftHook = { type: 'filter', hook: 'prerouting', priority: -135, policy: 'accept' };

/**
 * The tables `ip manx` and `ip6 manx`: they copy what comes for a group, to each instance here that listens to it, never back to its sender, and what
 * an instance sends also to each other host that has a listener. Copies have one hop less (`dup`, net/ipv4/netfilter/nf_dup_ipv4.c and its sibling), and
 * leave by the hook `output`; what has no hop left stays, and so does the packet itself. From a tunnel nothing else is taken. `ip manx` also has
 * `resumedChains`, which copy as well.
 */
export function renderGroups(facts: GroupFacts): readonly NftTable[] {
  const known = memories.get(facts.endpoints);
  const isSame = known?.facts.sets === facts.sets && known.facts.listening === facts.listening && known.facts.own === facts.own;
  if (isSame) return known.tables;
  const tables = makeTables(facts);
  memories.set(facts.endpoints, { facts, tables });
  return tables;
}

/** What was rendered of a list of endpoints the last time: the same facts give the same tables, by reference. */
const memories = new WeakMap<readonly Endpoint[], { readonly facts: GroupFacts; readonly tables: readonly NftTable[] }>();

function makeTables({ sets, endpoints, listening: { memberships, tunnel }, own }: GroupFacts): readonly NftTable[] {
  const here = receiversHere(endpoints, memberships);
  const hosts = own === null || tunnel === null ? NOBODY : receivingHosts(sets, { own, tunnel });
  const resumed = resumedChains(endpoints);
  return ([4, 6] as const).map((family) => {
    const table = renderTable(family, { here, hosts, tunnel });
    return family === 4 ? withResumed(table, resumed) : table;
  });
}

function withResumed(table: NftTable, { sets, maps, chains }: ResumedNft): NftTable {
  if (chains.length === 0) return table;
  return {
    ...table,
    sets: new Map([...table.sets, ...sets]),
    maps: new Map([...table.maps, ...maps]),
    chains: new Map([...table.chains, ...chains]),
  };
}

type Receivers = ReadonlyMap<Ip, readonly Receiver[]>;

const NOBODY: Receivers = new Map();

function receiversHere(endpoints: readonly Endpoint[], memberships: Memberships): Receivers {
  const receivers = new Map<Ip, Receiver[]>();
  for (const { id, ifname, addresses } of endpoints) {
    for (const { group, mode, sources } of memberships.get(id) ?? []) {
      const to = addresses.find(({ ip }) => familyOf(ip) === familyOf(group))?.ip;
      if (to !== undefined && isRoutedGroup(group))
        listOf(receivers, group).push({ to, device: `"${ifname}"`, tap: ifname, mode, sources });
    }
  }
  return receivers;
}

function receivingHosts(sets: HostState['sets'], { own, tunnel }: { readonly own: Ip; readonly tunnel: number }): Receivers {
  const wanted = new Map<Ip, Map<Ip, Ip[] | 'all'>>();
  for (const { id, members } of sets.values()) {
    const interest = interestOf(id);
    if (interest === null) continue;
    const { group, source } = interest;
    const hosts = wanted.get(group) ?? new Map<Ip, Ip[] | 'all'>();
    wanted.set(group, hosts);
    for (const host of members) {
      if (isPrefix(host) || host === own || familyOf(host) !== 4) continue;
      const sources = hosts.get(host) ?? [];
      hosts.set(host, source === null || sources === 'all' ? 'all' : [...sources, source]);
    }
  }
  return new Map([...wanted].map(([group, hosts]) => [group, [...hosts].map(([host, sources]) => hostReceiver(host, sources, tunnel))]));
}

function hostReceiver(host: Ip, sources: readonly Ip[] | 'all', tunnel: number): Receiver {
  const to = { to: host, device: String(tunnel), tap: null };
  return sources === 'all' ? { ...to, mode: 'exclude', sources: [] } : { ...to, mode: 'include', sources };
}

function renderTable(
  family: Family,
  { here, hosts, tunnel }: { readonly here: Receivers; readonly hosts: Receivers; readonly tunnel: number | null },
): NftTable {
  const { family: name, ip, groups, ttl, type } = WORDS[family];
  const local = [...here].filter(([group]) => familyOf(group) === family).sort(([a], [b]) => compareIps(a, b));
  const remote = [...hosts].filter(([group, all]) => familyOf(group) === family && all.length > 0).sort(([a], [b]) => compareIps(a, b));
  const mapOf = (prefix: string, of: Receivers | typeof local): NftMap => ({
    type,
    value: 'verdict',
    flags: [],
    elements: new Map([...of].map(([group]) => [group, `jump ${chainName(prefix, group)}`])),
  });
  const chains: ReadonlyArray<readonly [string, NftChain]> = [
    [
      'prerouting',
      {
        hook,
        rules: [
          // All that is forwarded ends here, and so it is asked for in numbers only.
          `${ip} daddr != ${groups} ${tunnel === null ? '' : `iif != ${tunnel} `}accept`,
          'iifname "tap*" goto from-instance',
          `iifname "${TUNNEL_DEVICE}" goto from-host`,
        ],
      },
    ],
    [
      'from-instance',
      {
        hook: null,
        rules: [
          `${ip} daddr != ${groups} accept`,
          // IGMP and MLD, and groups of the link: the host's to hear, nobody's to get.
          ...(family === 4
            ? ['ip daddr 224.0.0.0/24 accept', 'meta l4proto 2 accept']
            : [`ip6 daddr { ${OF_LINK_V6} } accept`, 'icmpv6 type { 130, 131, 132, 143 } accept']),
          `${ttl} < 2 drop`,
          `${ip} daddr vmap @groups`,
          `${ip} daddr vmap @hosts`,
          'drop',
        ],
      },
    ],
    ['from-host', { hook: null, rules: [`${ttl} < 2 drop`, `${ip} daddr vmap @groups`, 'drop'] }],
    ...local.map(([group, all]) => [chainName('group', group), copies(ip, all)] as const),
    ...remote.map(([group, all]) => [chainName('hosts', group), copies(ip, all)] as const),
  ];
  return {
    family: name,
    name: 'manx',
    sets: new Map(),
    maps: new Map([
      ['groups', mapOf('group', local)],
      ['hosts', mapOf('hosts', remote)],
    ]),
    meters: new Map(),
    counters: new Set(),
    chains: new Map(chains),
  };
}

/** The name of a group's chain; nft takes no colons in names. */
const chainName = (prefix: string, group: Ip): string => `${prefix}-${group.replaceAll(':', '_')}`;

function copies(ip: 'ip' | 'ip6', receivers: readonly Receiver[]): NftChain {
  const rules = [...receivers].sort((a, b) => compareIps(a.to, b.to)).map((one) => copy(ip, one));
  return { hook: null, rules: rules.flat() };
}

function copy(ip: 'ip' | 'ip6', { to, device, tap, mode, sources }: Receiver): readonly string[] {
  if (mode === 'include' && sources.length === 0) return [];
  const back = tap === null ? '' : `iifname != "${tap}" `;
  const from = sources.length === 0 ? '' : `${ip} saddr ${mode === 'include' ? '' : '!= '}{ ${[...sources].sort(compareIps).join(', ')} } `;
  return [`${back}${from}dup to ${tap === null ? tunnelHop(to, ip === 'ip' ? 4 : 6) : to} device ${device}`];
}

/** Where the IPv4 names of hosts on the tunnel device are: addresses that nobody has (RFC 1112, section 4: class E), and that no instance may send to. */
export const TUNNEL_HOPS_V4 = asCidr('240.0.0.0/4');

/**
 * What a host is called on the tunnel device for packets of a family: an address that has no other use, so that the route to it says which device, and takes nothing from the host's own
 * traffic. It ends in the host's own: in IPv4 in its last 28 bits, in IPv6 in all 32 (`fd4d:616e:7800::/96`). Nothing but copies is ever sent there.
 */
export function tunnelHop(host: Ip, family: Family): Ip {
  if (family === 6) return ipFromValue(6, (0xfd4d_616e_7800n << 80n) | ipValue(host));
  return ipFromValue(4, 0xf000_0000n | (ipValue(host) & 0x0fff_ffffn));
}

function listOf<K, V>(map: Map<K, V[]>, key: K): V[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

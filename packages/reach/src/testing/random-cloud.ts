import {
  type Endpoint,
  FLAT_SPACE,
  type HostName,
  type HostState,
  type PolicyPeer,
  type PolicyRule,
  type PortForward,
  silenced,
} from '@manx/hoststate';
import { asCidr, asIp, familyOf, hostCidr, type Ip } from '@manx/ip';
import { addressSet, endpoint, pair, policy, rule, stateless, stateOf, subnet } from '@manx/render/testing/states';
import fc from 'fast-check';

/** A cloud of a few ports on three hosts, as `compile` makes such: addresses are somebody's once, pairs may be several's. */
export type RandomCloud = ReadonlyMap<HostName, HostState>;

const HOSTS = ['h1', 'h2', 'h3'] as readonly string[] as readonly HostName[];
const GROUPS = ['a', 'b', 'c'];
const MOST_PORTS = 6;

/** Prefixes of the flat space; beyond it is the outside. */
const FLAT = ['10.65.0.0/24', '10.65.8.0/24', '203.0.113.0/24', '2001:db8:65::/64'];
const PAIRS = ['10.65.0.100/32', '10.65.8.0/24', '10.65.8.0/25', '2001:db8:65::100/128', '10.65.0.2/32'];
const CIDRS = {
  4: ['0.0.0.0/0', '10.65.0.0/30', '10.65.0.0/16', '198.51.100.0/24', '203.0.113.0/24'],
  6: ['::/0', '2001:db8:65::/126', '2001:db8:99::/48'],
};

const fixedOf = (n: number): Ip => asIp(`10.65.0.${n + 1}`);
const fixed6Of = (n: number): Ip => asIp(`2001:db8:65::${n + 1}`);
const floatingOf = (n: number): Ip => asIp(`203.0.113.${n}`);
const forwardedOf = (n: number): Ip => asIp(`203.0.113.${100 + n}`);

/** The address by which a host sends what leaves the flat space by source NAT; one host has none. */
export const snatOf = (host: HostName): Ip | null => (host === 'h3' ? null : asIp(`192.0.2.${host.slice(1)}`));

/** Ports that rules and flows have in common. */
const PORTS = [22, 80, 81, 443, 8080];

const ports = fc.option(
  fc.tuple(fc.constantFrom(...PORTS), fc.constantFrom(...PORTS)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
);
const wide = fc.constant({ from: 1024, to: 65_535 });
const serviceOf = (family: 4 | 6): fc.Arbitrary<Partial<PolicyRule>> =>
  fc.oneof(
    fc.record({ protocol: fc.constantFrom(6, 17, 132), ports: fc.oneof(ports, wide) }),
    fc.record({
      protocol: fc.constant(family === 4 ? 1 : 58),
      icmp: fc.option(fc.record({ type: fc.constantFrom(0, 8, 3, 128, 129), code: fc.option(fc.constantFrom(0, 4)) })),
    }),
    fc.record({ protocol: fc.constantFrom(null, null, 6, 17, 50) }),
  );
const peerOf = (family: 4 | 6): fc.Arbitrary<PolicyPeer> =>
  fc.oneof(
    fc.constant<PolicyPeer>({ kind: 'any' }),
    fc.constantFrom(...CIDRS[family]).map((cidr): PolicyPeer => ({ kind: 'cidr', cidr: asCidr(cidr) })),
    fc.constantFrom(...GROUPS, 'list').map((set): PolicyPeer => ({ kind: 'set', set })),
  );
const ruleOf = (family: 4 | 6): fc.Arbitrary<Partial<PolicyRule>> =>
  fc
    .tuple(serviceOf(family), peerOf(family), fc.constantFrom('ingress' as const, 'egress' as const))
    .map(([what, peer, direction]) => ({ ...what, family, peer, direction }));
const rules = fc
  .array(fc.oneof({ weight: 3, arbitrary: ruleOf(4) }, { weight: 1, arbitrary: ruleOf(6) }), { minLength: 1, maxLength: 6, size: 'max' })
  .map((some) => some.map((one, i) => rule(`r${i}`, one)));

const port = fc.record({
  host: fc.constantFrom(...HOSTS),
  hasV6: fc.boolean(),
  policies: fc.uniqueArray(fc.constantFrom(...GROUPS, 'gone'), { maxLength: 2 }),
  isUp: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  isSecured: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
  pairs: fc.subarray(PAIRS, { maxLength: 2 }),
  pairMac: fc.constantFrom(0, 0, 0xaa),
  hasFloating: fc.boolean(),
  // What is logged passes, or does not, as ever.
  logged: fc.constantFrom<Endpoint['logs'][number]['event'] | null>(null, 'accept', 'drop', 'all'),
  forwardTo: fc.option(
    fc.record({ to: fc.nat(MOST_PORTS - 1), port: fc.constantFrom(80, 443, 8080), protocol: fc.constantFrom(6 as const, 17 as const) }),
  ),
});

/** What a port is on a host where it is not: a live migration may bring it there, or has taken it away. */
const elsewhere = fc.option(fc.record({ host: fc.constantFrom(...HOSTS), phase: fc.constantFrom('incoming' as const, 'left' as const) }));

type RandomPort = typeof port extends fc.Arbitrary<infer T> ? T : never;

function endpointOf(own: RandomPort, n: number, count: number): Endpoint {
  const base = endpoint(`p${n}-0000-000`, n + 1, {
    ips: [fixedOf(n), ...(own.hasV6 ? [fixed6Of(n)] : [])],
    policies: own.policies,
    isUp: own.isUp,
    isSecured: own.isSecured,
  });
  const isTaken = (cidr: string): boolean => cidr === '10.65.0.2/32' && count > 1;
  const forward: readonly PortForward[] =
    own.forwardTo === null
      ? []
      : [
          {
            id: `f${n}`,
            ip: forwardedOf(n),
            protocol: own.forwardTo.protocol,
            from: 80,
            to: 81,
            fixed: fixedOf(own.forwardTo.to % count),
            fixedFrom: own.forwardTo.port,
            fixedTo: own.forwardTo.port + 1,
          },
        ];
  return {
    ...base,
    pairs: [...own.pairs].sort().map((cidr) => ({ ...pair(cidr, own.pairMac === 0 ? n + 1 : own.pairMac), isRouted: !isTaken(cidr) })),
    floating: own.hasFloating ? [{ ip: floatingOf(n), fixed: fixedOf(n) }] : [],
    forwards: forward,
    logs: own.logged === null ? [] : [{ id: 'log', project: 'p', event: own.logged, policy: null }],
    floatingLimits: own.hasFloating
      ? [{ ip: floatingOf(n), limits: [{ direction: 'ingress', unit: 'bytes', rate: 125_000, burst: 131_072 }] }]
      : [],
  };
}

/** An address that one port has announced: packets go to it alone, and every other holder of the pair has yielded (S9). */
function claimed(one: Endpoint, claimant: Endpoint | undefined, isClaimant: boolean): Endpoint {
  const claims = (claimant?.pairs ?? []).flatMap(({ cidr }) => (CLAIMED.has(cidr) ? [asIp(cidr.slice(0, cidr.indexOf('/')))] : []));
  if (isClaimant) return { ...one, claims };
  return { ...one, pairs: one.pairs.map((pair) => ({ ...pair, isYielded: claims.some((ip) => hostCidr(ip) === pair.cidr) })) };
}

const CLAIMED: ReadonlySet<string> = new Set(['10.65.0.100/32', '2001:db8:65::100/128']);

/** Up to six ports, three groups and their sets, everywhere the same: what a server would compile. */
export const randomClouds: fc.Arbitrary<RandomCloud> = fc
  .record({
    ports: fc.array(port, { minLength: 2, maxLength: MOST_PORTS, size: 'max' }),
    groups: fc.array(fc.tuple(rules, fc.integer({ min: 0, max: 3 })), { minLength: GROUPS.length, maxLength: GROUPS.length }),
    hasSnat: fc.boolean(),
    claimant: fc.option(fc.nat(MOST_PORTS - 1)),
    moves: fc.array(elsewhere, { maxLength: MOST_PORTS }),
    list: fc.subarray(['10.65.0.0/31', '10.65.0.3', '198.51.100.7', '2001:db8:65::/127']),
  })
  .map(({ ports, groups, list, hasSnat, claimant, moves }) => {
    const endpoints = ports
      .map((own, n) => endpointOf(own, n, ports.length))
      .map((one, n, all) => claimed(one, all[claimant ?? -1], n === claimant));
    const policies = groups.map(([own, n], at) => (n === 0 ? stateless(policy(GROUPS[at] ?? '', own)) : policy(GROUPS[at] ?? '', own)));
    const membersOf = (group: string): string[] =>
      endpoints
        .filter(({ policies: of }) => of.includes(group))
        .flatMap(({ addresses, pairs }) => [...addresses.map(({ ip }) => ip), ...pairs.map(({ cidr }) => cidr.replace(/\/(32|128)$/, ''))]);
    const sets = [...GROUPS.map((id) => addressSet(id, [...new Set(membersOf(id))])), addressSet('list', list)];
    const shared = [
      ...policies,
      ...sets,
      addressSet(FLAT_SPACE, FLAT),
      { ...subnet('sub4', '10.65.0.0/24', '10.65.0.254'), hasSnat },
      subnet('sub6', '2001:db8:65::/64', null),
    ];
    const at = (host: HostName): Endpoint[] =>
      endpoints.flatMap((one, n) => {
        const move = moves[n] ?? null;
        // One that has left some host has just arrived where it is.
        if (ports[n]?.host === host) return [move?.phase === 'left' ? { ...one, phase: 'arrived', picksUp: true } : one];
        return move?.host === host ? [silenced({ ...one, phase: move.phase, picksUp: move.phase === 'incoming' })] : [];
      });
    return new Map(HOSTS.map((host) => [host, stateOf([...shared, ...at(host)])]));
  });

/** A first packet: from a port (its place in order of id) or from outside, to any address that means something. */
export type RandomFlow = {
  readonly from: number | 'outside';
  /** Which of the sender's addresses: own, a pair's, or one that is not its. */
  readonly as: number;
  readonly to: Ip;
  readonly protocol: number;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly icmp: { readonly type: number; readonly code: number } | null;
};

const numbers = Array.from({ length: MOST_PORTS }, (_, n) => n);

/** Addresses of ports, floating, forwarded, of pairs; of nobody, of a gateway, of outside, of the link. */
const TARGETS: readonly Ip[] = [
  ...numbers.flatMap((n) => [fixedOf(n), fixedOf(n), fixed6Of(n), floatingOf(n), forwardedOf(n)]),
  ...[
    '10.65.0.100',
    '10.65.8.9',
    '10.65.8.200',
    '2001:db8:65::100',
    '10.65.0.77',
    '10.65.0.254',
    '198.51.100.7',
    '2001:db8:99::1',
    '224.0.0.5',
    '169.254.1.1',
    '169.254.169.254',
    'fe80::a9fe:a9fe',
  ].map(asIp),
];

export const randomFlows: fc.Arbitrary<RandomFlow> = fc
  .record({
    from: fc.oneof({ weight: 6, arbitrary: fc.nat(MOST_PORTS - 1) }, { weight: 1, arbitrary: fc.constant('outside' as const) }),
    as: fc.nat(5),
    to: fc.constantFrom(...TARGETS),
    protocol: fc.constantFrom(1, 1, 6, 6, 6, 17, 17, 132, 50),
    dport: fc.constantFrom(...PORTS),
    sport: fc.constantFrom(443, 40_000),
    icmp: fc.constantFrom({ type: 8, code: 0 }, { type: 8, code: 0 }, { type: 3, code: 4 }, { type: 0, code: 0 }),
  })
  .map(({ protocol, dport, sport, icmp, ...rest }) => {
    const isV6 = familyOf(rest.to) === 6;
    const hasPorts = protocol === 6 || protocol === 17 || protocol === 132;
    const ping6 = { type: icmp.type === 8 ? 128 : icmp.type === 0 ? 129 : 3, code: icmp.code };
    return {
      ...rest,
      protocol: isV6 && protocol === 1 ? 58 : protocol,
      sport: hasPorts ? sport : null,
      dport: hasPorts ? dport : null,
      icmp: protocol === 1 ? (isV6 ? ping6 : icmp) : null,
    };
  });

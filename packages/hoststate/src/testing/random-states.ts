import type { Ip } from '@manx/ip';
import fc from 'fast-check';
import { compareIds } from '../canonical-order.js';
import {
  type Endpoint,
  FLAT_SPACE,
  type HostObject,
  type HostState,
  type PolicyPeer,
  type PolicyRule,
  type RateLimit,
} from '../host-state.js';
import type { Flow } from '../translation.js';
import { bgpPeer, endpoint, forward, names, paired, policy, rule, set, stateOf, subnet } from './named-states.js';

/** Few addresses, sorted by `compareMembers`, so that flows, sets and endpoints meet. */
export const ADDRESSES = [
  '10.65.0.2',
  '10.65.0.3',
  '10.65.0.9',
  '203.0.113.7',
  'fd00:65::2',
  'fd00:65::3',
] as readonly string[] as readonly Ip[];

const PREFIXES = ['10.65.0.8/29', 'fd00:65::/127'] as readonly string[] as readonly Ip[];

/** Pairs of which some are other endpoints' addresses. */
const PAIRS: readonly string[] = ['10.65.0.3/32', '10.65.0.8/29', '10.65.0.9/32!', 'fd00:65::2/127'];

const FLOATING = '203.0.113.8' as Ip;
const FORWARDS = [forward('f1'), forward('f2', { protocol: 17, from: 50, to: 59, fixed: '10.65.0.3' as Ip, fixedFrom: 53, fixedTo: 53 })];
const LIMIT: RateLimit = { direction: 'egress', unit: 'bytes', rate: 125_000, burst: 131_072 };
const DHCP_OPTIONS: Endpoint['dhcpOptions'] = [
  { family: 4, code: 3, value: { kind: 'none' } },
  { family: 4, code: 67, value: { kind: 'word', word: 'pxelinux.0' } },
];

const IDS = ['a', 'b', 'c', 'd'] as const;

const peers: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.constant<PolicyPeer>({ kind: 'any' }),
  fc.constantFrom<PolicyPeer>({ kind: 'set', set: 'a' }, { kind: 'set', set: 'b' }, { kind: 'set', set: 'missing' }),
  fc.constant<PolicyPeer>({ kind: 'cidr', cidr: '10.65.0.0/29' as never }),
);

const payloads = fc.constantFrom<Pick<PolicyRule, 'protocol' | 'ports' | 'icmp'>>(
  { protocol: null, ports: null, icmp: null },
  { protocol: 6, ports: null, icmp: null },
  { protocol: 6, ports: { from: 22, to: 80 }, icmp: null },
  { protocol: 17, ports: { from: 53, to: 53 }, icmp: null },
  { protocol: 1, ports: null, icmp: { type: 8, code: null } },
  { protocol: 1, ports: null, icmp: { type: 3, code: 4 } },
  { protocol: 132, ports: null, icmp: null },
);

const rules: fc.Arbitrary<PolicyRule> = fc
  .record({
    id: fc.constantFrom('r1', 'r2', 'r3'),
    direction: fc.constantFrom('ingress', 'egress'),
    payload: payloads,
    peer: peers,
    isV6: fc.boolean(),
  })
  .map(({ id, direction, payload, peer, isV6 }) => {
    const isBoth = payload.icmp === null && peer.kind !== 'cidr';
    return rule(id, { direction, family: isV6 && isBoth ? 6 : 4, ...payload, peer });
  });

const byId = fc.constantFrom(...IDS);

const endpoints: fc.Arbitrary<Endpoint> = fc
  .record({
    id: byId,
    ips: fc.subarray([...ADDRESSES], { maxLength: 2 }),
    policies: fc.subarray([...IDS], { maxLength: 2 }),
    isOff: fc.boolean(),
    phase: fc.constantFrom<Endpoint['phase']>('home', 'home', 'home', 'incoming', 'arrived', 'left'),
    picksUp: fc.boolean(),
    isOpen: fc.integer({ min: 0, max: 6 }).map((n) => n === 0),
    pairs: fc.subarray([...PAIRS], { maxLength: 2 }),
    mark: fc.constantFrom('', '?', '='),
    floating: fc.boolean(),
    isLimited: fc.boolean(),
    forwards: fc.subarray(FORWARDS),
    qos: fc.constantFrom<Endpoint['qos']>(
      { dscp: null, limits: [] },
      { dscp: 10, limits: [{ direction: 'egress', unit: 'bytes', rate: 1_000_000, burst: 200_000 }] },
    ),
    dhcpOptions: fc.subarray([...DHCP_OPTIONS]),
    logs: fc.subarray<Endpoint['logs'][number]>([
      { id: 'log-1', project: 'blue', event: 'drop', policy: null },
      { id: 'log-2', project: 'red', event: 'all', policy: null },
    ]),
    owner: fc.constantFrom(null, { instance: 'vm', project: 'blue' }),
  })
  .map(({ id, ips, policies, isOff, isOpen, pairs, mark, floating, isLimited, forwards, ...rest }) => {
    const placed = ips.map((ip) => `${ip}@${ip.includes(':') ? 'sub6' : 'sub'}`);
    const own = ips.filter((ip) => ip.startsWith('10.'));
    return {
      ...paired(endpoint(id, placed, policies), ...pairs.map((pair) => (pair.endsWith('/32') ? `${pair}${mark}` : pair))),
      isUp: !isOff,
      isSecured: !isOpen,
      floating: floating && own[0] !== undefined ? [{ ip: FLOATING, fixed: own[0] }] : [],
      floatingLimits: floating && own[0] !== undefined && isLimited ? [{ ip: FLOATING, limits: [LIMIT] }] : [],
      forwards,
      ...rest,
    };
  });

const bgpPeers: fc.Arbitrary<HostObject> = fc
  .record({
    id: byId,
    address: fc.constantFrom('198.18.0.1', 'fd00:198::1'),
    password: fc.constantFrom(null, 'one', 'two'),
    announced: fc.constantFrom(null, [], ['10.65.0.0/24', 'fd00:65::/64'] as never),
  })
  .map(({ id, address, ...more }) => bgpPeer(id, address, more));

const objects: fc.Arbitrary<HostObject> = fc.oneof(
  { weight: 3, arbitrary: endpoints },
  {
    weight: 2,
    arbitrary: fc
      .tuple(byId, fc.uniqueArray(rules, { maxLength: 3, selector: ({ id }) => id }), fc.boolean())
      .map(([id, list, isStateful]) => ({ ...policy(id, ...list.sort((x, y) => compareIds(x.id, y.id))), isStateful })),
  },
  { weight: 1, arbitrary: fc.tuple(byId, fc.constantFrom('www.a.example', 'host-1')).map(([id, fqdn]) => names(id, `10.65.0.2=${fqdn}`)) },
  { weight: 2, arbitrary: fc.tuple(byId, fc.subarray([...ADDRESSES, ...PREFIXES])).map(([id, members]) => set(id, ...members)) },
  { weight: 1, arbitrary: fc.subarray(['203.0.113.7', '10.65.0.0/24', 'fd00:65::/64']).map((members) => set(FLAT_SPACE, ...members)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      subnet('sub'),
      { ...subnet('sub'), isGatewayHeld: true },
      { ...subnet('sub'), hasSnat: true },
      subnet('sub', '10.65.0.0/25'),
      subnet('sub6', 'fd00:65::/64'),
    ),
  },
  { weight: 1, arbitrary: bgpPeers },
);

/** Small states in which everything refers to everything, dangling now and then. */
export const hostStates: fc.Arbitrary<HostState> = fc.array(objects, { maxLength: 14, size: 'max' }).map((list) => stateOf(...list));

/** Flows between the addresses of one family that the states use, of the protocols that the rules name and one more. */
export const flows: fc.Arbitrary<Flow> = fc
  .record({
    protocol: fc.constantFrom(1, 6, 17, 132, 47),
    isV6: fc.boolean(),
    from: fc.nat(5),
    to: fc.nat(5),
    dport: fc.constantFrom(21, 22, 53, 80, 81),
    icmp: fc.constantFrom({ type: 8, code: 0, id: 1 }, { type: 3, code: 4, id: 0 }, { type: 3, code: 1, id: 0 }),
  })
  .map(({ protocol, isV6, from, to, dport, icmp }) => {
    const family = [...ADDRESSES, FLOATING, '203.0.113.9' as Ip].filter((ip) => ip.includes(':') === isV6);
    const pick = (n: number): Ip => family[n % family.length] as Ip;
    const hasPorts = protocol === 6 || protocol === 17 || protocol === 132;
    return {
      protocol: isV6 && protocol === 1 ? 58 : protocol,
      source: pick(from),
      destination: pick(to),
      sport: hasPorts ? 40_000 : null,
      dport: hasPorts ? dport : null,
      icmp: protocol === 1 ? icmp : null,
    };
  });

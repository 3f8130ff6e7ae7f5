import type { Ip } from '@manx/ip';
import fc from 'fast-check';
import { compareIds } from '../canonical-order.js';
import type { Flow } from '../flow.js';
import type { HostObject, HostState, PolicyPeer, PolicyRule } from '../host-state.js';
import { endpoint, policy, rule, set, stateOf, subnet } from './named-states.js';

/** Few addresses, sorted, so that flows, sets and endpoints meet. */
export const ADDRESSES = [
  '10.65.0.2',
  '10.65.0.3',
  '10.65.0.9',
  '203.0.113.7',
  'fd00:65::2',
  'fd00:65::3',
] as readonly string[] as readonly Ip[];

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

const objects: fc.Arbitrary<HostObject> = fc.oneof(
  fc
    .tuple(byId, fc.subarray([...ADDRESSES], { maxLength: 2 }), fc.subarray([...IDS], { maxLength: 2 }), fc.boolean())
    .map(([id, ips, policies, isOff]) => ({
      ...endpoint(
        id,
        ips.map((ip) => `${ip}@${ip.includes(':') ? 'sub6' : 'sub'}`),
        policies,
      ),
      isUp: !isOff,
    })),
  fc
    .tuple(byId, fc.uniqueArray(rules, { maxLength: 3, selector: ({ id }) => id }))
    .map(([id, list]) => policy(id, ...list.sort((x, y) => compareIds(x.id, y.id)))),
  fc.tuple(byId, fc.subarray([...ADDRESSES])).map(([id, members]) => set(id, ...members)),
  fc.constantFrom(subnet('sub'), { ...subnet('sub'), isGatewayHeld: true }, subnet('sub', '10.65.0.0/25'), subnet('sub6', 'fd00:65::/64')),
);

/** Small states in which everything refers to everything, dangling now and then. */
export const hostStates: fc.Arbitrary<HostState> = fc.array(objects, { maxLength: 14, size: 'max' }).map((list) => stateOf(...list));

/** Flows between the addresses of one family that the states use, of the protocols that the rules name and one more. */
export const flows: fc.Arbitrary<Flow> = fc
  .record({
    protocol: fc.constantFrom(1, 6, 17, 132, 47),
    isV6: fc.boolean(),
    from: fc.nat(3),
    to: fc.nat(3),
    dport: fc.constantFrom(21, 22, 53, 80, 81),
    icmp: fc.constantFrom({ type: 8, code: 0, id: 1 }, { type: 3, code: 4, id: 0 }, { type: 3, code: 1, id: 0 }),
  })
  .map(({ protocol, isV6, from, to, dport, icmp }) => {
    const family = ADDRESSES.filter((ip) => ip.includes(':') === isV6);
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

import { type Endpoint, FLAT_SPACE, type HostState, type PolicyPeer, type PolicyRule, type RateLimit } from '@manx/hoststate';
import { asCidr, asIp, familyOf } from '@manx/ip';
import fc from 'fast-check';
import { addressSet, endpoint, forward, pair, policy, rule, stateless, stateOf, subnet } from './states.js';

const GROUPS = ['a', 'b', 'c', 'd'];
const V4_CIDRS = ['0.0.0.0/0', '10.0.0.0/8', '10.65.0.0/16', '10.65.0.2/32', '192.0.2.0/24'].map(asCidr);
const V6_CIDRS = ['::/0', '2001:db8::/32', '2001:db8:65::/64', '2001:db8:65::2/128'].map(asCidr);

const port = fc.oneof(fc.constantFrom(1, 80, 443, 65_535), fc.integer({ min: 0, max: 65_535 }));
const ports = fc.option(fc.tuple(port, port).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })));
const icmp = fc.option(fc.record({ type: fc.integer({ min: 0, max: 255 }), code: fc.option(fc.integer({ min: 0, max: 255 })) }));
const service = (family: 4 | 6): fc.Arbitrary<Partial<PolicyRule>> =>
  fc.oneof(
    fc.record({ protocol: fc.constantFrom(6, 17, 33, 132, 136), ports }),
    fc.record({ protocol: fc.constant(family === 4 ? 1 : 58), icmp }),
    fc.record({ protocol: fc.option(fc.integer({ min: 0, max: 255 })) }),
  );
const peer = (family: 4 | 6): fc.Arbitrary<PolicyPeer> =>
  fc.oneof(
    fc.constant({ kind: 'any' } as const),
    fc.constantFrom(...(family === 4 ? V4_CIDRS : V6_CIDRS)).map((cidr) => ({ kind: 'cidr', cidr }) as const),
    fc.constantFrom(...GROUPS).map((set) => ({ kind: 'set', set }) as const),
  );
const ruleOf = (family: 4 | 6): fc.Arbitrary<Partial<PolicyRule>> =>
  fc.tuple(service(family), peer(family), fc.constantFrom('ingress' as const, 'egress' as const)).map(([what, who, direction]) => ({
    ...what,
    family,
    peer: who,
    direction,
  }));
const rules = fc.array(fc.oneof(ruleOf(4), ruleOf(6)), { maxLength: 8 }).map((some) => some.map((one, i) => rule(`r${i}`, one)));
const number = fc.integer({ min: 2, max: 20 });
const ipOf = fc.tuple(number, fc.boolean()).map(([n, isV4]) => (isV4 ? `10.65.0.${n}` : `2001:db8:65::${n}`));
const someGroups = fc.uniqueArray(fc.constantFrom(...GROUPS), { maxLength: 3 });

const PAIRS = ['10.65.0.100/32', '10.65.0.7/32', '10.65.8.0/24', '10.65.8.0/25', '2001:db8:65::100/128', '2001:db8:65:8::/64'] as const;
const SET_MEMBERS = ['10.66.0.0/24', '10.66.1.0/24', '10.66.0.0/16', '10.66.0.7', '2001:db8:66::/64', '2001:db8:66::/65'] as const;
const FLAT_MEMBERS = ['10.65.0.0/24', '10.65.1.0/24', '203.0.113.0/24', '10.0.0.0/8', '2001:db8:65::/64'] as const;

const pairs = fc
  .subarray([...PAIRS], { maxLength: 4 })
  .chain((cidrs) =>
    fc
      .array(fc.tuple(fc.constantFrom(0, 0xaa), fc.boolean()), { minLength: cidrs.length, maxLength: cidrs.length })
      .map((more) => cidrs.map((cidr, i) => ({ cidr, mac: more[i]?.[0] ?? 0, isRouted: more[i]?.[1] ?? true }))),
  );

/** What a port may be beside plain. */
const treatment = fc.record({
  isSecured: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
  pairs,
  hasFloating: fc.boolean(),
  isLimited: fc.boolean(),
  forwardTo: fc.constantFrom(null, 80, 443, 8080),
  qos: fc.constantFrom<Endpoint['qos']>(
    { dscp: null, limits: [] },
    { dscp: null, limits: [] },
    { dscp: 46, limits: [{ direction: 'ingress', unit: 'packets', rate: 1000, burst: 100 }] },
    { dscp: null, limits: [{ direction: 'egress', unit: 'bytes', rate: 125_000, burst: 131_072 }] },
  ),
});

const FLOATING_LIMIT: RateLimit = { direction: 'ingress', unit: 'bytes', rate: 125_000, burst: 131_072 };

function treated(
  port: Endpoint,
  n: number,
  { hasFloating, isLimited, forwardTo, pairs: own, ...more }: typeof treatment extends fc.Arbitrary<infer T> ? T : never,
): Endpoint {
  const fixed = port.addresses.map(({ ip }) => ip).find((ip) => familyOf(ip) === 4);
  const self = asIp(`203.0.113.${n}`);
  const range = { ...forward(`f${n}`, 80, forwardTo ?? 80), ip: asIp(`203.0.113.${100 + n}`), to: 89, fixedTo: (forwardTo ?? 80) + 9 };
  return {
    ...port,
    ...more,
    pairs: own.map(({ cidr, mac, isRouted }) => ({ ...pair(cidr, mac === 0 ? n : mac), isRouted })),
    floating: fixed !== undefined && hasFloating ? [{ ip: self, fixed }] : [],
    floatingLimits: fixed !== undefined && hasFloating && isLimited ? [{ ip: self, limits: [FLOATING_LIMIT] }] : [],
    forwards: fixed !== undefined && forwardTo !== null ? [{ ...range, fixed }] : [],
  };
}

/** Whole host states: up to six ports, four groups, addresses that may clash, groups and sets that may be missing. */
export const arbitraryState: fc.Arbitrary<HostState> = fc
  .record({
    ports: fc.uniqueArray(fc.tuple(number, fc.uniqueArray(ipOf, { maxLength: 3 }), someGroups, fc.boolean(), treatment), {
      selector: ([n]) => n,
      maxLength: 6,
    }),
    groups: fc.uniqueArray(fc.tuple(fc.constantFrom(...GROUPS), rules, fc.boolean()), { selector: ([id]) => id, maxLength: 4 }),
    sets: fc.uniqueArray(
      fc.tuple(fc.constantFrom(...GROUPS), fc.uniqueArray(ipOf, { maxLength: 6 }), fc.subarray([...SET_MEMBERS], { maxLength: 3 })),
      { selector: ([id]) => id, maxLength: 4 },
    ),
    hasSnat: fc.boolean(),
    flat: fc.option(fc.subarray([...FLAT_MEMBERS])),
  })
  .map((parts) =>
    stateOf([
      { ...subnet('sub4', '10.65.0.0/24', '10.65.0.1'), hasSnat: parts.hasSnat },
      subnet('sub6', '2001:db8:65::/64', null),
      ...parts.ports.map(([n, ips, policies, isUp, more]) => treated(endpoint(`p${n}-0000-000`, n, { ips, policies, isUp }), n, more)),
      ...parts.groups.map(([id, own, isStateful]) => (isStateful ? policy(id, own) : stateless(policy(id, own)))),
      ...parts.sets.map(([id, members, more]) => addressSet(id, [...members, ...more])),
      ...(parts.flat === null ? [] : [addressSet(FLAT_SPACE, parts.flat)]),
    ]),
  );

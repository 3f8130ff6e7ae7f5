import type { HostState, PolicyPeer, PolicyRule } from '@manx/hoststate';
import { asCidr } from '@manx/ip';
import fc from 'fast-check';
import { addressSet, endpoint, policy, rule, stateOf, subnet } from './states.js';

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

/** Whole host states: up to six ports, four groups, addresses that may clash, groups and sets that may be missing. */
export const arbitraryState: fc.Arbitrary<HostState> = fc
  .record({
    ports: fc.uniqueArray(fc.tuple(number, fc.uniqueArray(ipOf, { maxLength: 3 }), someGroups, fc.boolean()), {
      selector: ([n]) => n,
      maxLength: 6,
    }),
    groups: fc.uniqueArray(fc.tuple(fc.constantFrom(...GROUPS), rules), { selector: ([id]) => id, maxLength: 4 }),
    sets: fc.uniqueArray(fc.tuple(fc.constantFrom(...GROUPS), fc.uniqueArray(ipOf, { maxLength: 6 })), {
      selector: ([id]) => id,
      maxLength: 4,
    }),
  })
  .map((parts) =>
    stateOf([
      subnet('sub4', '10.65.0.0/24', '10.65.0.1'),
      subnet('sub6', '2001:db8:65::/64', null),
      ...parts.ports.map(([n, ips, policies, isUp]) => endpoint(`p${n}-0000-000`, n, { ips, policies, isUp })),
      ...parts.groups.map(([id, own]) => policy(id, own)),
      ...parts.sets.map(([id, members]) => addressSet(id, members)),
    ]),
  );

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { emptyHostState, type HostState, verdict } from '@manx/hoststate';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHost } from './render-host.js';
import { arbitraryState } from './testing/arbitrary-state.js';
import { formatRest, formatTables } from './testing/format-plan.js';
import { endpoint, NAMED_STATES, policy, rule, SETTINGS, SNAT_SETTINGS, stateOf, subnet } from './testing/states.js';
import { makeTestNetns, type TestNetns } from './testing/test-netns.js';

const GOLDEN = new URL('../golden/', import.meta.url);

/** Compares with the file, or writes it when MANX_GOLDEN=write: look at the difference before it is committed. */
function expectGolden(name: string, text: string): void {
  const file = new URL(name, GOLDEN);
  if (process.env['MANX_GOLDEN'] === 'write') {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe.each([...NAMED_STATES])('golden %s', (name, state) => {
  const plan = renderHost(state, name.startsWith('source-nat') ? SNAT_SETTINGS : SETTINGS);
  it('has the tables of its golden file', () => expectGolden(`${name}.nft`, formatTables(plan.tables)));
  it('has the links, routes and neighbours of its golden file', () => expectGolden(`${name}.txt`, formatRest(plan)));
});

it('S18: no instance can fill what packets write: these sets are by tap, by tap and one of 256 parts of its connections, by floating IP of the host, or by tap and address, of which one has 128 in a minute', () => {
  const settings = { ...SNAT_SETTINGS, dns: { port: 9753, packetsPerSecond: 200, burst: 400 }, metadataPort: 9775 };
  for (const maxConnections of [1, 20_000, 262_144]) {
    for (const state of NAMED_STATES.values()) {
      for (const { meters, chains } of renderHost(state, { ...settings, maxConnections }).tables) {
        const rules = [...chains.values()].flatMap((chain) => chain.rules).join('\n');
        for (const [name, { size }] of meters) {
          if (name === 'other-addresses') {
            // Where 512 instances fill it together, what comes anew is let through, and not remembered.
            expect(rules).toMatch(
              /update @new-addresses \{ iifname limit rate over 64\/minute burst 64 packets \} goto drop-address-rate\nadd @other-addresses/,
            );
            expect(128 * 512).toBeLessThanOrEqual(size + 1);
            continue;
          }
          const keys = [...rules.matchAll(new RegExp(`(?:add|update) @${name} \\{ (.*?) (?:counter|limit|ct count)`, 'g'))].map(
            ([, key]) => key,
          );
          // Who comes to the chains of floating IPs is picked by a map of those.
          const usual = /^(?:drop|sample)-floating-[a-z]*-rate$/.test(name) ? /^ip [sd]addr$/ : /^[io]ifname(?: \. ct id & (\d+))?$/;
          const parts = keys.map((key) => usual.exec(key ?? '') ?? ['', key]);
          expect(parts.flatMap(([whole, key]) => (whole === '' ? [`${name} by ${key}`] : []))).toEqual([]);
          const most = Math.max(...parts.map(([, mask]) => Number(mask ?? 0) + 1));
          // More taps than a host can have, each with all that it can.
          expect(most).toBeLessThanOrEqual(256);
          expect(most * 16_384).toBeLessThanOrEqual(size);
        }
      }
    }
  }
});

describe('the kernel', () => {
  let netns: TestNetns;
  beforeAll(() => {
    netns = makeTestNetns('render');
  });
  afterAll(() => netns.remove());

  it.each([...NAMED_STATES.keys()])('S27, S28: takes %s with metadata and DNS as well', (name) => {
    const dns = { port: 9753, packetsPerSecond: 200, burst: 400 };
    const plan = renderHost(NAMED_STATES.get(name) ?? stateOf([]), { ...SETTINGS, metadataPort: 9775, dns });
    netns.run(['nft', '-c', '-f', '-'], { input: `flush ruleset\n${formatTables(plan.tables)}` });
    for (const { addresses } of plan.links.values()) {
      expect(addresses.map(({ ip }) => ip)).toEqual(expect.arrayContaining(['169.254.169.254', 'fe80::a9fe:a9fe']));
    }
  });

  it('S18: where instances may use their host, none is a router’s peer: BGP and BFD stay shut', () => {
    const plan = renderHost(NAMED_STATES.get('web-and-db') ?? stateOf([]), { ...SETTINGS, endpointToHost: 'accept' });
    const text = formatTables(plan.tables);
    expect(text).toMatch(/tcp dport 179 goto drop-host-service\n\s*udp dport \{ 3784, 3785, 4784 \} goto drop-host-service\n\s*accept\n/);
    netns.run(['nft', '-c', '-f', '-'], { input: `flush ruleset\n${text}` });
  });

  it.each([...NAMED_STATES.keys()])('takes the golden file of %s', (name) => {
    netns.run(['nft', '-f', '-'], { input: `flush ruleset\n${readFileSync(new URL(`${name}.nft`, GOLDEN), 'utf8')}` });
  });

  it('takes any state', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        netns.run(['nft', '-c', '-f', '-'], { input: `flush ruleset\n${formatTables(renderHost(state, SNAT_SETTINGS).tables)}` });
      }),
      { numRuns: 60 },
    );
  });
});

/** The rules of every chain, by name, without those of the fixed chains. */
function rulesOf(state: HostState): Map<string, readonly string[]> {
  const inet = renderHost(state, SETTINGS).tables[0];
  return new Map([...(inet?.chains ?? [])].map(([name, chain]) => [name, chain.rules]));
}

describe('what is not said is shut', () => {
  const known = (state: HostState): string[] => [...(renderHost(state, SETTINGS).tables[0]?.sets.get('taps')?.elements ?? [])];

  it('S16: a port without groups, or with an empty group, is let send and receive nothing new', () => {
    const rules = rulesOf(
      stateOf([endpoint('a', 1, { ips: ['10.0.0.1'] }), endpoint('b', 2, { ips: ['10.0.0.2'], policies: ['e'] }), policy('e', [])]),
    );
    expect(rules.get('from-tapa')).toEqual(['jump stateful-egress', 'goto drop-egress-policy']);
    expect(rules.get('to-tapb')).toEqual(['jump stateful-ingress', 'jump ingress-e', 'goto drop-ingress-policy']);
    expect(rules.get('ingress-e')).toEqual([]);
  });

  it('S16: a group or a remote group that is not there allows nothing, and is a problem', () => {
    const state = stateOf([
      endpoint('a', 1, { ips: ['10.0.0.1'], policies: ['gone', 'p'] }),
      policy('p', [rule('r', { peer: { kind: 'set', set: 'nobody' } })]),
    ]);
    const plan = renderHost(state, SETTINGS);
    expect(rulesOf(state).get('ingress-gone')).toEqual([]);
    expect(plan.tables[0]?.sets.get('group-nobody-v4')?.elements.size).toBe(0);
    expect(plan.problems.map(({ code, subject }) => [code, subject])).toEqual([
      ['unknown_policy', 'gone'],
      ['unknown_set', 'p'],
    ]);
  });

  it.each([
    ['ports without a protocol', rule('r', { ports: { from: 80, to: 80 } })],
    ['ports of a protocol without ports', rule('r', { protocol: 47, ports: { from: 80, to: 80 } })],
    ['ports that end before they begin', rule('r', { protocol: 6, ports: { from: 90, to: 80 } })],
    ['an ICMP type of another protocol', rule('r', { protocol: 6, icmp: { type: 8, code: null } })],
    ['ICMP of the other family', rule('r', { protocol: 58, icmp: { type: 128, code: null } })],
    ['a prefix of the other family', rule('r', { peer: { kind: 'cidr', cidr: '::/0' as never } })],
    ['a protocol that is none', rule('r', { protocol: 256 })],
    ['a set id that is nft text', rule('r', { peer: { kind: 'set', set: 'x accept' } })],
  ])('S16: a rule with %s allows nothing, rather than more than was asked', (_, bad) => {
    const state = stateOf([endpoint('a', 1, { ips: ['10.0.0.1'], policies: ['p'] }), policy('p', [bad])]);
    expect(rulesOf(state).get('ingress-p')).toEqual([]);
    expect(renderHost(state, SETTINGS).problems).toMatchObject([{ code: 'bad_rule', subject: 'p' }]);
  });

  it('S19: a port that is down is an unknown interface, without link, route or neighbour', () => {
    const plan = renderHost(stateOf([endpoint('a', 1, { ips: ['10.0.0.1'], isUp: false })]), SETTINGS);
    expect([
      known(stateOf([endpoint('a', 1, { ips: ['10.0.0.1'], isUp: false })])),
      plan.links.size,
      plan.routes.size,
      plan.neighbours.size,
    ]).toEqual([[], 0, 0, 0]);
  });

  it('two ports that claim one interface both stay shut', () => {
    const state = stateOf([
      { ...endpoint('a', 1, { ips: ['10.0.0.1'] }), ifname: 'tapx' as never },
      { ...endpoint('b', 2, { ips: ['10.0.0.2'] }), ifname: 'tapx' as never },
    ]);
    expect(known(state)).toEqual([]);
    expect(renderHost(state, SETTINGS).problems.map(({ code }) => code)).toEqual(['name_taken', 'name_taken']);
  });

  it.each(['tap*', 'eth0', 'lo', 'tap', 'tapa b', 'tap"; accept'])('an interface named %j is never taken for an instance', (ifname) => {
    expect(known(stateOf([{ ...endpoint('a', 1, { ips: ['10.0.0.1'] }), ifname: ifname as never }]))).toEqual([]);
  });

  it('S12: of two ports with one address only the first is routed', () => {
    const plan = renderHost(stateOf([endpoint('a', 1, { ips: ['10.0.0.1'] }), endpoint('b', 2, { ips: ['10.0.0.1'] })]), SETTINGS);
    expect([...plan.routes.values()].flatMap(({ hops }) => hops.map(({ dev }) => dev))).toEqual(['tapa']);
    expect(plan.problems).toMatchObject([{ code: 'address_taken', subject: 'b' }]);
  });
});

describe('the render of a state', () => {
  it('S16: is as open as the state, rule by rule: whoever may send anything has a rule that says so', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const rules = rulesOf(state);
        for (const { id, ifname, isSecured } of state.endpoints.values()) {
          if (!isSecured) continue;
          const isOpen = verdict(state, {
            endpoint: id,
            direction: 'ingress',
            peer: '203.0.113.250' as never,
            protocol: 253,
            port: null,
            icmp: null,
          });
          const chains = (rules.get(`to-${ifname}`) ?? []).filter((line) => line.startsWith('jump ingress-')).map((line) => line.slice(5));
          const lines = chains.flatMap((name) => rules.get(name) ?? []);
          const matches = lines.filter((line) => /^meta nfproto ipv4 (counter name "|.*meta l4proto (253|map .*[{,] 253 :))/.test(line));
          expect(matches.length > 0).toBe(isOpen.kind === 'allow');
        }
      }),
    );
  });

  it('keeps every chain, set, link and route of what did not change, by reference', () => {
    const before = NAMED_STATES.get('web-and-db') ?? emptyHostState;
    const other = endpoint('9a1b2c3d-4e', 9, { ips: ['10.65.0.99'], policies: ['web'] });
    const a = renderHost(before, SNAT_SETTINGS);
    const b = renderHost({ ...before, endpoints: new Map([...before.endpoints, [other.id, other]]) }, SNAT_SETTINGS);
    for (const [name, chain] of a.tables[0]?.chains ?? []) expect(b.tables[0]?.chains.get(name)).toBe(chain);
    expect(b.tables[0]?.sets.get('group-web-v4')).toBe(a.tables[0]?.sets.get('group-web-v4'));
    for (const [name, link] of a.links) expect(b.links.get(name)).toBe(link);
    for (const [key, route] of a.routes) expect(b.routes.get(key)).toBe(route);
  });

  it('does not depend on the order in which objects arrived', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const turned: HostState = {
          endpoints: new Map([...state.endpoints].toReversed()),
          policies: new Map([...state.policies].toReversed()),
          sets: new Map([...state.sets].toReversed()),
          subnets: new Map([...state.subnets].toReversed()),
          bgpPeers: new Map([...state.bgpPeers].toReversed()),
          names: new Map([...state.names].toReversed()),
        };
        expect(renderHost(turned, SETTINGS)).toEqual(renderHost(state, SETTINGS));
      }),
    );
  });
});

describe('a gateway that an instance on another host holds', () => {
  const addressesOf = (isGatewayHeld: boolean): readonly string[] => {
    const subnets = [subnet('sub4', '10.65.0.0/24', '10.65.0.1'), subnet('sub6', '2001:db8:65::/64', '2001:db8:65::1')];
    const state = stateOf([
      ...subnets.map((lan) => ({ ...lan, isGatewayHeld })),
      endpoint('web-1', 1, { ips: ['10.65.0.2', '2001:db8:65::2'] }),
    ]);
    return [...renderHost(state, SETTINGS).links.values()].flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
  };

  it('is put on no tap, and is on every tap of its subnet otherwise', () => {
    expect(addressesOf(false)).toEqual(expect.arrayContaining(['10.65.0.1', '2001:db8:65::1']));
    for (const gateway of ['10.65.0.1', '2001:db8:65::1']) expect(addressesOf(true)).not.toContain(gateway);
    expect(addressesOf(true)).toContain('2001:db8:65::');
  });
});

import { FLAT_SPACE, type HostName, type HostState, type PolicyRule } from '@manx/hoststate';
import { asCidr, asIp, familyOf } from '@manx/ip';
import { addressSet, endpoint, forward, policy, rule, stateless, stateOf, subnet } from '@manx/render/testing/states';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloudOf } from './cloud-of.js';
import { explain } from './explain.js';
import type { Explanation, Opening } from './explanation.js';
import { formatExplanation } from './format-explanation.js';
import type { Question } from './question.js';
import { randomClouds, randomFlows } from './testing/random-cloud.js';

const [H1, H2] = ['h1', 'h2'] as readonly string[] as readonly [HostName, HostName];
const EGRESS = rule('out', { direction: 'egress' });
const SHARED = [
  subnet('sub4', '10.65.0.0/24', '10.65.0.1'),
  addressSet(FLAT_SPACE, ['10.65.0.0/24', '203.0.113.0/24']),
  policy('web', [EGRESS, rule('https', { protocol: 6, ports: { from: 443, to: 443 } })]),
  policy('db', [rule('sql', { protocol: 6, ports: { from: 5432, to: 5432 }, peer: { kind: 'set', set: 'web' } })]),
  stateless(policy('bare', [EGRESS, rule('dns', { protocol: 17, ports: { from: 53, to: 53 } })])),
  addressSet('web', ['10.65.0.10']),
];
const web = endpoint('web-1', 1, {
  ips: ['10.65.0.10'],
  policies: ['web'],
  floating: [{ ip: asIp('203.0.113.10'), fixed: asIp('10.65.0.10') }],
});
const db = endpoint('db-1', 2, { ips: ['10.65.0.20'], policies: ['db'] });
const dns = endpoint('dns-1', 3, { ips: ['10.65.0.30'], policies: ['bare'] });
const CLOUD: ReadonlyMap<HostName, HostState> = new Map([
  [H1, stateOf([...SHARED, web])],
  [H2, stateOf([...SHARED, db, dns])],
]);

const ask = (text: string, states: ReadonlyMap<HostName, HostState> = CLOUD): Explanation => {
  const [from = '', to = '', what = '', port] = text.split(' ');
  const protocol = { tcp: 6, udp: 17, ping: 1 }[what] ?? Number(what);
  return explain(cloudOf(states), {
    source: { ip: asIp(from), endpoint: null, absence: null },
    destination: { ip: asIp(to), endpoint: null, absence: null },
    protocol,
    port: port === undefined ? null : Number(port),
    fromPort: null,
    icmp: protocol === 1 ? { type: 8, code: 0 } : null,
  });
};
const blockersOf = ({ ways }: Explanation): readonly string[] =>
  ways.flatMap(({ blockers }) => blockers.map(({ code, direction }) => `${direction} ${code}`));

describe('explain', () => {
  it('names the group and rule that let a flow pass, host by host', () => {
    const { answer, ways } = ask('10.65.0.10 10.65.0.20 tcp 5432');
    expect(answer).toBe('allowed');
    expect(ways[0]?.forward.steps.map(({ kind, host, policy: group, rule: id }) => [kind, host, group, id])).toEqual([
      ['tap', 'h1', null, null],
      ['source-check', 'h1', null, null],
      ['policy', 'h1', 'web', 'out'],
      ['route', 'h1', null, null],
      ['fabric', null, null, null],
      ['policy', 'h2', 'db', 'sql'],
      ['tap', 'h2', null, null],
    ]);
    expect(ways[0]?.mtu).toBe(1500);
  });

  it.each([
    ['10.65.0.10 10.65.0.20 tcp 80', ['forward no-rule']],
    ['10.65.0.20 10.65.0.10 tcp 80', ['forward no-rule', 'forward no-rule']],
    ['10.65.0.10 10.65.0.99 ping', ['forward no-such-address']],
    ['10.65.0.99 10.65.0.10 tcp 443', ['forward no-such-address']],
    ['10.65.0.10 224.0.0.5 ping', ['forward link-only']],
    ['10.65.0.10 10.65.0.1 tcp 22', ['forward host-service']],
    ['10.65.0.10 10.65.0.1 ping', []],
    ['10.65.0.10 169.254.169.254 tcp 80', []],
    ['10.65.0.10 198.51.100.7 tcp 80', []],
    ['198.51.100.7 203.0.113.10 tcp 443', []],
    ['198.51.100.7 203.0.113.10 tcp 80', ['forward no-rule']],
    // S16: a stateless group needs a rule of its own for the answers to what its port asks, and for its own answers.
    ['10.65.0.30 198.51.100.7 udp 9', ['reply no-rule']],
    ['10.65.0.10 10.65.0.30 udp 53', []],
  ])('%s: %j', (question, blockers) => {
    expect(blockersOf(ask(question))).toEqual(blockers);
  });

  it('S22: says as whom a flow leaves the flat space, and S21: what a floating IP stands for', () => {
    const translations = (text: string): unknown => ask(text).ways[0]?.forward.steps.flatMap(({ translation }) => translation ?? []);
    expect(translations('10.65.0.10 198.51.100.7 tcp 80')).toEqual([{ what: 'source', ip: '203.0.113.10', port: null }]);
    expect(translations('198.51.100.7 203.0.113.10 tcp 443')).toEqual([{ what: 'destination', ip: '10.65.0.10', port: 443 }]);
    expect(translations('10.65.0.10 10.65.0.20 tcp 5432')).toEqual([]);
  });

  it('S23: of an address with forwards only the forwarded ports lead anywhere', () => {
    const carrier = { ...db, forwards: [{ ...forward('f', 80, 5432), fixed: asIp('10.65.0.20') }] };
    const states = new Map([...CLOUD, [H2, stateOf([...SHARED, carrier])]]);
    expect(blockersOf(ask('10.65.0.10 203.0.113.7 tcp 81', states))).toEqual(['forward not-forwarded']);
    expect(blockersOf(ask('10.65.0.10 203.0.113.7 tcp 80', states))).toEqual([]);
  });

  it('S8: an anycast address has a way for every live holder', () => {
    const pair = { cidr: asCidr('10.65.0.50/32'), mac: db.mac, isRouted: true, isYielded: false };
    const held = (one: typeof db): typeof db => ({
      ...one,
      policies: ['web'],
      pairs: [{ ...db.pairs[0], ...pair, mac: one.mac }] as typeof db.pairs,
    });
    const states = (isUp: boolean): ReadonlyMap<HostName, HostState> =>
      new Map([...CLOUD, [H2, stateOf([...SHARED, held(db), { ...held(dns), isUp }])]]);
    const found = (isUp: boolean): unknown =>
      ask('198.51.100.7 10.65.0.50 tcp 443', states(isUp)).ways.map(({ destination }) => destination.endpoint);
    expect(found(true)).toEqual(['db-1', 'dns-1']);
    expect(found(false)).toEqual(['db-1']);
  });

  it('is told in lines that begin with the answer', () => {
    const lines = formatExplanation(ask('10.65.0.10 10.65.0.20 tcp 80'));
    expect(lines[0]).toBe('TCP port 80, 10.65.0.10 (web-1) -> 10.65.0.20 (db-1): refused');
    expect(lines.at(-1)).toContain(
      'to open: openstack security group rule create --ingress --ethertype IPv4 --protocol tcp --dst-port 80 --remote-ip 10.65.0.10/32 db',
    );
  });
});

/** The states with one opening made, as the API would compile it. */
const opened = (states: ReadonlyMap<HostName, HostState>, opening: Opening): ReadonlyMap<HostName, HostState> => {
  const ruleOf = ({ remote, ...more }: Extract<Opening, { kind: 'rule' }>['rule']): PolicyRule => ({
    id: 'zz',
    ...more,
    peer: { kind: 'cidr', cidr: remote },
  });
  const change = (state: HostState): HostState => {
    const endpoints = new Map(state.endpoints);
    const policies = new Map(state.policies);
    if (opening.kind === 'rule') {
      const old = policies.get(opening.policy);
      if (old !== undefined) policies.set(old.id, { ...old, rules: [...old.rules, ruleOf(opening.rule)] });
    }
    const port = 'endpoint' in opening ? endpoints.get(opening.endpoint) : undefined;
    if (port !== undefined && opening.kind === 'policy') {
      policies.set('new', policy('new', [ruleOf(opening.rule)]));
      endpoints.set(port.id, { ...port, policies: [...port.policies, 'new'] });
    }
    if (port !== undefined && opening.kind === 'enable') endpoints.set(port.id, { ...port, isUp: true });
    if (port !== undefined && opening.kind === 'pair')
      endpoints.set(port.id, { ...port, pairs: [...port.pairs, { ...EXAMPLE_PAIR, cidr: opening.cidr, mac: port.mac, isRouted: false }] });
    return { ...state, endpoints, policies };
  };
  return new Map([...states].map(([host, state]) => [host, change(state)]));
};

/** Whatever else pairs have. */
const EXAMPLE_PAIR = { isRouted: false } as HostState extends { endpoints: ReadonlyMap<string, infer E> }
  ? E extends { pairs: readonly (infer P)[] }
    ? P
    : never
  : never;

describe('an opening', () => {
  it('takes its blocker away, and the last one opens the flow', () => {
    let openings = 0;
    fc.assert(
      fc.property(randomClouds, randomFlows, (states, { from, to, protocol, sport, dport, icmp }) => {
        const ends = [...states.values()].flatMap(({ endpoints }) => [...endpoints.values()]);
        const sender = from === 'outside' ? undefined : ends[from % ends.length];
        const source = sender?.addresses.find(({ ip }) => familyOf(ip) === familyOf(to))?.ip;
        if (sender === undefined || source === undefined) return;
        const question: Question = {
          source: { ip: source, endpoint: sender.id, absence: null },
          destination: { ip: to, endpoint: null, absence: null },
          protocol,
          port: dport,
          fromPort: sport,
          icmp,
        };
        let now = states;
        // A way at a time, one opening after another: none may come back.
        for (let round = 0; round < 12; round++) {
          const way = explain(cloudOf(now), question).ways[0];
          const next = way?.blockers.find(({ opening }) => opening !== null && opening.kind !== 'forward' && opening.kind !== 'bind');
          if (way === undefined || next?.opening === null || next === undefined) return;
          openings++;
          now = opened(now, next.opening);
          const after = explain(cloudOf(now), question).ways.find(({ destination }) => destination.endpoint === way.destination.endpoint);
          const same = after?.blockers.filter(
            ({ code, direction, side, endpoint }) =>
              code === next.code && direction === next.direction && side === next.side && endpoint === next.endpoint,
          );
          const before = way.blockers.filter(
            ({ code, direction, side, endpoint }) =>
              code === next.code && direction === next.direction && side === next.side && endpoint === next.endpoint,
          );
          expect(same?.length ?? 0).toBeLessThan(before.length);
        }
        expect.unreachable('openings without end');
      }),
      { numRuns: 500 },
    );
    expect(openings).toBeGreaterThan(100);
  });
});

describe('what is hidden', () => {
  it('makes no difference: with the ports of others changed in any way, the answer is the same', () => {
    fc.assert(
      fc.property(randomClouds, randomClouds, randomFlows, (mine, theirs, { to, protocol, sport, dport, icmp }) => {
        const own = [...mine.values()].flatMap(({ endpoints }) => [...endpoints.values()])[0];
        const source = own?.addresses.find(({ ip }) => familyOf(ip) === familyOf(to))?.ip;
        if (own === undefined || source === undefined) return;
        const answerOf = (others: typeof mine): Explanation => {
          const states = new Map([...mine].map(([host, state]) => [host, withOthers(state, { own: own.id, others: others.get(host) })]));
          return explain(cloudOf(states, { isVisible: (id) => id === own.id, showsHosts: false }), {
            source: { ip: source, endpoint: own.id, absence: null },
            destination: { ip: to, endpoint: null, absence: null },
            protocol,
            port: dport,
            fromPort: sport,
            icmp,
          });
        };
        expect(answerOf(theirs)).toEqual(answerOf(new Map()));
      }),
      { numRuns: 300 },
    );
  });
});

/** The host with only one port of its own, and all of others' beside. */
function withOthers(state: HostState, { own, others }: { readonly own: string; readonly others: HostState | undefined }): HostState {
  const mine = [...state.endpoints].filter(([id]) => id === own);
  const foreign = [...(others?.endpoints ?? [])].map(([id, one]) => [`other-${id}`, { ...one, id: `other-${id}` }] as const);
  return { ...state, endpoints: new Map([...foreign, ...mine]) };
}

import {
  FLAT_SPACE,
  type HostName,
  type HostState,
  TRACE_CHAINS,
  TRACE_TABLE,
  type TraceAccount,
  type TracedPacket,
  type TraceHop,
} from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { addressSet, endpoint, forward, policy, rule, stateless, stateOf, subnet } from '@manx/render/testing/states';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloudOf } from '../cloud-of.js';
import { explain } from '../explain.js';
import type { Explanation } from '../explanation.js';
import { formatTrace } from './format-trace.js';
import { type HostTrace, hostsConcerned, judgeTrace } from './judge-trace.js';

const [H1, H2] = ['h1', 'h2'] as readonly string[] as readonly [HostName, HostName];
const MARK = 50_000;
const EGRESS = rule('out', { direction: 'egress' });
const SHARED = [
  subnet('sub4', '10.65.0.0/24', '10.65.0.1'),
  addressSet(FLAT_SPACE, ['10.65.0.0/24', '203.0.113.0/24']),
  policy('web', [EGRESS, rule('https', { protocol: 6, ports: { from: 443, to: 443 } })]),
  policy('db', [rule('sql', { protocol: 6, ports: { from: 5432, to: 5432 } })]),
  stateless(policy('bare', [rule('dns', { protocol: 17, ports: { from: 53, to: 53 } })])),
];
const web = endpoint('web-1', 1, { ips: ['10.65.0.10'], policies: ['web'] });
const [near, db, bare] = [
  endpoint('near-1', 2, { ips: ['10.65.0.11'], policies: ['web'] }),
  endpoint('db-1', 3, { ips: ['10.65.0.20'], policies: ['db'] }),
  endpoint('bare-1', 4, { ips: ['10.65.0.30'], policies: ['bare'] }),
];
const CLOUD: ReadonlyMap<HostName, HostState> = new Map([
  [H1, stateOf([...SHARED, web, near])],
  [H2, stateOf([...SHARED, { ...db, forwards: [{ ...forward('f', 80, 443), fixed: asIp('10.65.0.10') }] }, bare])],
]);

const ask = (from: string, to: string, what: { readonly tcp?: number; readonly udp?: number }, states = CLOUD): Explanation =>
  explain(cloudOf(states), {
    source: { ip: asIp(from), endpoint: null, absence: null },
    destination: { ip: asIp(to), endpoint: null, absence: null },
    protocol: what.tcp === undefined ? 17 : 6,
    port: what.tcp ?? what.udp ?? null,
    fromPort: MARK,
    icmp: null,
  });

const hop = (more: Partial<TraceHop>): TraceHop => ({
  family: 'inet',
  table: 'manx',
  chain: 'prerouting',
  kind: 'rule',
  handle: 1,
  rule: 'accept',
  verdict: 'accept',
  target: null,
  iif: null,
  oif: null,
  packet: null,
  counters: [],
  ...more,
});
const headers = (sport: number, dport: number): TraceHop['packet'] => ({
  kind: 'ip',
  source: asIp('10.65.0.10'),
  destination: asIp('10.65.0.20'),
  protocol: 6,
  sport,
  dport,
  icmp: null,
  tcpFlags: 2,
  length: 40,
});
const OF = { forward: headers(MARK, 443), reply: headers(443, MARK) };
type Direction = keyof typeof OF;

const came = (direction: Direction): TraceHop =>
  hop({ table: TRACE_TABLE, chain: TRACE_CHAINS.came, packet: OF[direction], verdict: 'continue' });
const left = (oif: string, direction: Direction = 'forward'): TracedPacket => ({
  hops: [
    came(direction),
    hop({}),
    hop({ table: TRACE_TABLE, chain: TRACE_CHAINS.left, kind: 'return', packet: OF[direction], oif, verdict: 'continue' }),
  ],
});
const dropped = (more: Partial<TraceHop>, direction: Direction = 'forward'): TracedPacket => ({
  hops: [came(direction), hop({ ...more, verdict: 'drop' })],
});
/** Met by a packet that goes to the tap of db. */
const through = (...met: readonly Partial<TraceHop>[]): TracedPacket => {
  const [first, , last] = left(db.ifname).hops as readonly [TraceHop, TraceHop, TraceHop];
  return { hops: [first, ...met.map(hop), last] };
};
const counter = (before: number, after: number, name = 'rule-sql') => ({ name, before, after });
const lost = (direction: Direction = 'forward'): TracedPacket => ({ hops: [came(direction), hop({})] });
const here = (): TracedPacket => ({
  hops: [came('forward'), hop({ table: TRACE_TABLE, chain: TRACE_CHAINS.here, kind: 'return', packet: OF.forward, verdict: 'continue' })],
});

const account = (packets: readonly TracedPacket[], isComplete = true): TraceAccount => ({
  revision: 7,
  version: '1',
  kernel: '6.18',
  isComplete,
  packets,
  chains: [],
});
const told = (seen: { readonly [host: string]: readonly TracedPacket[] | string }): readonly HostTrace[] =>
  Object.entries(seen).map(([host, packets]) =>
    typeof packets === 'string'
      ? { host: host as HostName, account: null, problem: packets }
      : { host: host as HostName, account: account(packets), problem: null },
  );
const verdict = (explanation: Explanation, seen: Parameters<typeof told>[0]): string => judgeTrace(explanation, told(seen), MARK).verdict;

const TO_DB = ask('10.65.0.10', '10.65.0.20', { tcp: 5432 });
const REFUSED = ask('10.65.0.10', '10.65.0.20', { tcp: 80 });

describe('what kernels did, held against what was explained', () => {
  it('agrees where each host did its part: one sends it on, the other gives it to the tap', () => {
    expect(hostsConcerned(TO_DB)).toEqual(['h1', 'h2']);
    expect(verdict(TO_DB, { h1: [left('eth0')], h2: [left(db.ifname)] })).toBe('agree');
    const { findings } = judgeTrace(TO_DB, told({ h1: [left('eth0')], h2: [left(db.ifname)] }), MARK);
    expect(findings.map(({ host, expected, seen }) => `${host} ${expected}: ${seen}`)).toEqual([
      'h1 sends it on: sent it on by eth0',
      `h2 gives it to ${db.ifname}: gave it to ${db.ifname}`,
    ]);
  });

  it.each<[string, Parameters<typeof told>[0]]>([
    ['a host sent it by another tap', { h1: [left('eth0')], h2: [left('tap-other')] }],
    ['the sender’s host gave it to a tap of its own', { h1: [left('tap-other')], h2: [left(db.ifname)] }],
    ['it never came to the second host', { h1: [left('eth0')], h2: [] }],
    ['a rule of somebody else dropped it', { h1: [left('eth0')], h2: [dropped({ table: 'stranger', chain: 'f' })] }],
    ['a rule of ours dropped it', { h1: [left('eth0')], h2: [dropped({ chain: 'drop-ingress-policy' })] }],
    ['it was lost', { h1: [lost()], h2: [] }],
    ['a host took it for itself', { h1: [left('eth0')], h2: [here()] }],
    ['the answer was dropped on its way', { h1: [left('eth0')], h2: [left(db.ifname), dropped({ chain: 'drop-egress-policy' }, 'reply')] }],
  ])('disagrees where %s', (_what, seen) => {
    expect(verdict(TO_DB, seen)).toBe('disagree');
  });

  it('names the table, the chain and the rule of a stranger', () => {
    const theirs = { table: 'stranger', chain: 'f', rule: 'tcp dport 5432 drop' };
    const judged = judgeTrace(TO_DB, told({ h1: [left('eth0')], h2: [dropped(theirs)] }), MARK);
    expect(judged.findings.at(-1)?.seen).toBe('dropped it in table inet stranger, chain f, by the rule tcp dport 5432 drop');
    const byPolicy = judgeTrace(TO_DB, told({ h1: [left('eth0')], h2: [dropped({ ...theirs, kind: 'policy', rule: null })] }), MARK);
    expect(byPolicy.findings.at(-1)?.seen).toBe('dropped it in table inet stranger, chain f, by its policy');
  });

  it('what is refused agrees where its host dropped it for the reason that was said, and for no other', () => {
    expect(verdict(REFUSED, { h1: [left('eth0')], h2: [dropped({ chain: 'drop-ingress-policy' })] })).toBe('agree');
    expect(verdict(REFUSED, { h1: [left('eth0')], h2: [dropped({ chain: 'drop-source' })] })).toBe('disagree');
    expect(verdict(REFUSED, { h1: [left('eth0')], h2: [dropped({ table: 'stranger', chain: 'drop-ingress-policy' })] })).toBe('disagree');
    expect(verdict(REFUSED, { h1: [left('eth0')], h2: [left(db.ifname)] })).toBe('disagree');
    const forged = ask('10.65.0.20', '10.65.0.10', { tcp: 443 });
    expect(verdict(forged, { h2: [dropped({ chain: 'drop-egress-policy' })], h1: [] })).toBe('agree');
    expect(verdict(forged, { h2: [left('eth0')], h1: [left(web.ifname)] })).toBe('disagree');
  });

  it('S30: a rule that a packet met has counted it, or the host is not believed', () => {
    const met = (...counters: TraceHop['counters']): string => verdict(TO_DB, { h1: [left('eth0')], h2: [through({ counters })] });
    expect(met(counter(17, 18))).toBe('agree');
    expect(met(counter(17, 30))).toBe('agree');
    expect(met(counter(17, 17))).toBe('disagree');
    // Of a map one is enough; and one that began anew says nothing.
    expect(met(counter(0, 1), counter(5, 5, 'rule-other'))).toBe('agree');
    expect(met(counter(0, 0), counter(5, 5, 'rule-other'))).toBe('disagree');
    expect(met(counter(17, 0))).toBe('agree');
    const name = `drop-ingress-policy ${db.ifname}`;
    const refusedWith = (after: number) =>
      told({ h1: [left('eth0')], h2: [dropped({ chain: 'drop-ingress-policy', counters: [counter(3, after, name)] })] });
    expect(judgeTrace(REFUSED, refusedWith(4), MARK).verdict).toBe('agree');
    const { verdict: word, findings } = judgeTrace(REFUSED, refusedWith(3), MARK);
    expect([word, findings.at(-1)?.seen]).toEqual([
      'disagree',
      `dropped it (ingress-policy), and the counter ${name} in table inet manx, chain drop-ingress-policy, has not counted it (packets 3 -> 3)`,
    ]);
    // Wherever on the way, and in whichever packet.
    const twice = { h1: [left('eth0'), { hops: [came('forward'), hop({ counters: [counter(1, 1)] })] }], h2: [left(db.ifname)] };
    expect(judgeTrace(TO_DB, told(twice), MARK).findings[0]).toMatchObject({ verdict: 'disagree', packet: 1 });
  });

  it('S30: another group than the one that was explained has let it through', () => {
    const by = (met: Partial<TraceHop>): string => verdict(TO_DB, { h1: [left('eth0')], h2: [through(met)] });
    const logs = { verdict: 'goto', target: 'accept-ingress' } as const;
    expect(by({ chain: 'ingress-db' })).toBe('agree');
    expect(by({ chain: 'ingress-logged-db', ...logs })).toBe('agree');
    expect(by({ chain: 'ingress-web' })).toBe('disagree');
    expect(by({ chain: 'ingress-logged-web', ...logs })).toBe('disagree');
    // It was asked, and did not decide; and what is called so elsewhere is none of ours.
    expect(by({ chain: 'ingress-web', kind: 'return', verdict: 'continue' })).toBe('agree');
    expect(by({ chain: 'ingress-web', table: 'stranger' })).toBe('agree');
    const { findings } = judgeTrace(TO_DB, told({ h1: [left('eth0')], h2: [through({ chain: 'ingress-web' })] }), MARK);
    expect(findings.at(-1)?.seen).toBe(`gave it to ${db.ifname}, let through by group web, and not by db, which was explained`);
  });

  it('for whom nobody answers: wherever it ends agrees, but for a tap', () => {
    const nobody = ask('10.65.0.10', '10.65.0.99', { tcp: 443 });
    for (const packet of [left('eth0'), lost(), dropped({ table: 'stranger' })]) expect(verdict(nobody, { h1: [packet] })).toBe('agree');
    expect(verdict(nobody, { h1: [left('tap-other')] })).toBe('disagree');
  });

  it('a host that told nothing, or not all, is not held to have done anything', () => {
    expect(verdict(TO_DB, { h1: [left('eth0')], h2: 'its agent is not connected to this server' })).toBe('unknown');
    expect(verdict(TO_DB, { h1: [dropped({ table: 'stranger' })], h2: 'away' })).toBe('disagree');
    const some = [
      { host: H1, account: account([left('eth0')]), problem: null },
      { host: H2, account: account([], false), problem: null },
    ];
    expect(judgeTrace(TO_DB, some, MARK).verdict).toBe('unknown');
  });

  it('the way back is looked at where there is an answer, and said not to have been where there is none', () => {
    const answered = { h1: [left('eth0'), left(web.ifname, 'reply')], h2: [left(db.ifname), left('eth0', 'reply')] };
    expect(judgeTrace(TO_DB, told(answered), MARK)).toMatchObject({ verdict: 'agree', notes: [] });
    const { notes } = judgeTrace(TO_DB, told({ h1: [left('eth0')], h2: [left(db.ifname)] }), MARK);
    expect(notes).toEqual([expect.stringContaining('no answer of')]);
    const shy = ask('10.65.0.10', '10.65.0.30', { udp: 53 });
    const dropsReply = { h1: [left('eth0')], h2: [left(bare.ifname), dropped({ chain: 'drop-egress-policy' }, 'reply')] };
    expect(verdict(shy, dropsReply)).toBe('agree');
    expect(verdict(shy, { ...dropsReply, h2: [left(bare.ifname), left('eth0', 'reply')] })).toBe('disagree');
  });

  it('a flow that comes by its host twice, there and back from where it is translated, is given to its tap the second time', () => {
    const around = ask('10.65.0.11', '203.0.113.7', { tcp: 80 });
    expect(around.answer).toBe('allowed');
    expect(verdict(around, { h1: [left('eth0'), left(web.ifname)], h2: [left('eth0')] })).toBe('agree');
    expect(verdict(around, { h1: [left('eth0')], h2: [left('eth0')] })).toBe('disagree');
  });

  it('what never leaves its instance is seen by no host, which is said', () => {
    const { verdict: word, notes } = judgeTrace(ask('10.65.0.10', '10.65.0.10', { tcp: 443 }), [], MARK);
    expect([word, notes]).toEqual([
      'unknown',
      ["no host gets to see it: 10.65.0.10 is the sender's own: the packet never leaves the instance"],
    ]);
  });

  it('whatever hosts tell, a flow that is refused never agrees where a tap got it, nor one that is allowed where none did', () => {
    const packets = fc.constantFrom(
      left('eth0'),
      left(db.ifname),
      left('tap-other'),
      lost(),
      here(),
      dropped({}),
      dropped({ chain: 'drop-ingress-policy' }),
    );
    const hosts = fc.record({ h1: fc.array(packets, { maxLength: 3 }), h2: fc.array(packets, { maxLength: 3 }) });
    const isGiven = (packet: TracedPacket): boolean => packet.hops.at(-1)?.oif === db.ifname;
    fc.assert(
      fc.property(hosts, (seen) => {
        if (verdict(TO_DB, seen) === 'agree') expect(seen.h2.some(isGiven)).toBe(true);
        if (verdict(REFUSED, seen) === 'agree') expect(seen.h2.some(({ hops }) => hops.at(-1)?.chain === 'drop-ingress-policy')).toBe(true);
      }),
    );
  });
});

it('a rule is shown with its counter, of a map with those that have grown', () => {
  const map = { rule: 'counter name tcp dport map { ... } accept', counters: [counter(0, 1), counter(5, 5, 'rule-other')] };
  const hosts = told({ h1: [through({ rule: 'a accept', counters: [counter(17, 18)] }, map, { rule: 'b', counters: [counter(4, 4)] })] });
  const lines = formatTrace({ ...judgeTrace(TO_DB, hosts, MARK), explanation: TO_DB, sent: { mark: MARK }, hosts });
  expect(lines.filter((line) => line.includes('inet manx'))).toEqual([
    expect.stringContaining('table inet manx, chain prerouting, has not counted it (packets 4 -> 4)'),
    '      inet manx prerouting  a accept  packets 17 -> 18',
    '      inet manx prerouting  counter name tcp dport map { ... } accept  rule-sql packets 0 -> 1',
    '      inet manx prerouting  b  -> accept  packets 4 -> 4',
  ]);
});

it('a trace reads from top to bottom: what was said, what each host did, by which rules', () => {
  const hosts = told({ h1: [left('eth0')], h2: [dropped({ table: 'stranger', chain: 'f', rule: 'tcp dport 5432 drop' })] });
  const lines = formatTrace({ ...judgeTrace(TO_DB, hosts, MARK), explanation: TO_DB, sent: { mark: MARK }, hosts });
  expect(lines).toEqual([
    'TCP port 5432, 10.65.0.10 (web-1) -> 10.65.0.20 (db-1), from port 50000: allowed, and the kernels disagree',
    '  h1  ok  sent it on by eth0',
    '      inet manx prerouting  accept',
    `  h2  NO  expected: gives it to ${db.ifname}`,
    '  h2  NO  but it: dropped it in table inet stranger, chain f, by the rule tcp dport 5432 drop',
    '      inet stranger f  tcp dport 5432 drop',
    '  note: no answer of db-1 was seen: nothing listens there, or it does not answer this; the way back was not tried',
  ]);
});

import { asHostName, type TraceAccount, type TraceHop } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { FeedSessionOptions } from './feed-session.js';
import { Heard } from './heard.js';
import { SECRET, startAgent, startFeedServer } from './loopback.js';
import { MAX_TRACE_COUNTERS, MAX_TRACE_HOPS, type TraceOrder, type TraceReport } from './messages.js';
import { parseFeedMessage } from './parse-message.js';
import { parseTraceReport } from './parse-trace.js';
import { SampleCloud } from './sample-cloud.js';
import { agentToken } from './token.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const H1 = asHostName('h1');
const WATCH: Extract<TraceOrder, { type: 'trace-watch' }> = {
  type: 'trace-watch',
  trace: 't-1',
  flow: { protocol: 6, sources: [asIp('10.65.0.2')], destinations: [asIp('10.65.0.3')], ports: [80], mark: 50_000 },
  seconds: 5,
  sender: { endpoint: 'p', source: asIp('10.65.0.2'), destination: asIp('10.65.0.3'), port: 80 },
};
const HOP: TraceHop = {
  family: 'inet',
  table: 'manx',
  chain: 'prerouting',
  kind: 'rule',
  handle: 3,
  rule: 'accept',
  verdict: 'accept',
  target: null,
  iif: 'tap1',
  oif: null,
  packet: null,
  counters: [{ name: 'rule-a', before: 17, after: 18 }],
};
const ACCOUNT: TraceAccount = {
  revision: 1,
  version: '1',
  kernel: '6.18',
  isComplete: true,
  packets: [{ hops: [HOP] }],
  chains: [{ family: 'inet', table: 'manx', chain: 'prerouting', text: 'table inet manx {\n}' }],
};

const connect = async (onTrace?: FeedSessionOptions['onTrace']) => {
  const cloud = new SampleCloud();
  const server = await startFeedServer(cloud);
  cleanups.push(server.stop);
  const { session, told } = startAgent(server.url, onTrace === undefined ? {} : { onTrace });
  cleanups.push(() => session.close());
  await told.until(({ kind }) => kind === 'state');
  return { ...server, cloud };
};

describe('orders of a trace', () => {
  it('reach the agent of their host in between, and its answer comes back', async () => {
    const orders = new Heard<TraceOrder>();
    const { feed } = await connect((order) => {
      orders.add(order);
      return Promise.resolve({ problem: null, account: order.type === 'trace-end' ? ACCOUNT : null });
    });
    expect(await feed.trace(H1, WATCH, 10_000)).toEqual({ trace: 't-1', order: 'trace-watch', problem: null, account: null });
    expect(await orders.next()).toEqual(WATCH);
    expect(await feed.trace(H1, { type: 'trace-end', trace: 't-1' }, 10_000)).toMatchObject({ account: ACCOUNT });
  });

  it('are answered though the agent can do none of it; of a host that is not connected nobody answers', async () => {
    const { feed } = await connect();
    expect(await feed.trace(H1, WATCH, 10_000)).toMatchObject({ problem: 'this agent traces nothing' });
    expect(await feed.trace(asHostName('h2'), WATCH, 10_000)).toBe('away');
  });

  it('that are not answered in time are given up; what comes later is nobody’s', async () => {
    let answer = (): void => undefined;
    const { feed, url } = await connect(() => new Promise((resolve) => (answer = () => resolve({ problem: null, account: null }))));
    expect(await feed.trace(H1, WATCH, 20)).toBe('silent');
    answer();
    const late: TraceReport = { trace: 't-1', order: 'trace-watch', problem: null, account: null };
    const post = (body: string) =>
      fetch(`${url}/feed/v1/hosts/h1/trace`, { method: 'POST', body, headers: { authorization: `Bearer ${agentToken(SECRET, H1)}` } });
    expect((await post(JSON.stringify(late))).status).toBe(404);
    expect((await post('{"trace": "t-1"}')).status).toBe(400);
    expect((await fetch(`${url}/feed/v1/hosts/h1/trace`, { method: 'POST', body: JSON.stringify(late) })).status).toBe(401);
  });

  it.each<[string, object]>([
    ['no addresses', { ...WATCH, flow: { ...WATCH.flow, sources: [] } }],
    ['two families', { ...WATCH, flow: { ...WATCH.flow, sources: ['10.65.0.2', '::1'] } }],
    ['an address that is nft', { ...WATCH, flow: { ...WATCH.flow, sources: ['10.65.0.2 }; flush ruleset'] } }],
    ['a protocol that is not traced', { ...WATCH, flow: { ...WATCH.flow, protocol: 47 } }],
    ['TCP without ports', { ...WATCH, flow: { ...WATCH.flow, ports: [] } }],
    ['a ping of the other family', { ...WATCH, flow: { ...WATCH.flow, protocol: 58, ports: [] } }],
    ['a port that is text', { ...WATCH, flow: { ...WATCH.flow, ports: ['80'] } }],
    ['no end', { ...WATCH, seconds: 0 }],
    ['an unknown field', { ...WATCH, more: 1 }],
  ])('that say %s are none', (_why, order) => {
    expect(parseFeedMessage(JSON.stringify(order))).toMatchObject({ code: 'malformed' });
  });
});

describe('what an agent says of a trace is not trusted', () => {
  const report = { trace: 't-1', order: 'trace-end', problem: null, account: ACCOUNT };
  const withHop = (more: object) => ({ ...report, account: { ...ACCOUNT, packets: [{ hops: [{ ...HOP, ...more }] }] } });

  it('a right one comes back as it is', () => {
    expect(parseTraceReport(JSON.stringify(report))).toEqual(report);
  });

  it.each<[string, object]>([
    ['control characters in a rule', withHop({ rule: 'a\u001b[2J' })],
    ['control characters in a name', withHop({ chain: 'a\nb' })],
    ['an unknown verdict', withHop({ verdict: 'perhaps' })],
    ['an unknown kind', withHop({ kind: 'x' })],
    ['too many hops', { ...report, account: { ...ACCOUNT, packets: [{ hops: Array.from({ length: MAX_TRACE_HOPS + 1 }, () => HOP) }] } }],
    ['a counter below nothing', withHop({ counters: [{ name: 'rule-a', before: -1, after: 0 }] })],
    ['too many counters', withHop({ counters: Array.from({ length: MAX_TRACE_COUNTERS + 1 }, () => HOP.counters[0]) })],
    ['an unknown order', { ...report, order: 'trace' }],
    ['a missing field', { ...report, problem: undefined }],
  ])('one with %s is refused', (_why, value) => {
    expect(parseTraceReport(JSON.stringify(value))).toMatchObject({ code: 'malformed' });
  });

  it('whatever it is, it is refused or right, and never an exception', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const parsed = parseTraceReport(JSON.stringify(value) ?? '');
        expect(parsed).toHaveProperty('code');
      }),
    );
  });
});

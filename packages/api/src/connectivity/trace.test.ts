import type { TraceOrder, TraceReport } from '@manx/feed';
import type { HostName, TraceAccount, TracedPacket } from '@manx/hoststate';
import { cloudChanges } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api-fixture.js';

const RED = 'a0000000000000000000000000000001';
const ADMIN = {};
const red = { 'x-project-id': RED, 'x-roles': 'manager,member,reader' };

type Order = TraceOrder & { readonly host: HostName };

let api: TestApi;
let orders: Order[];
/** What the agents of a test say: by host, an account, or why not. */
let agents: { readonly [host: string]: (order: TraceOrder) => TraceReport | 'away' | 'silent' | Promise<TraceReport> };

const done = ({ trace, type }: TraceOrder, more: Partial<TraceReport> = {}): TraceReport => ({
  trace,
  order: type,
  problem: null,
  account: null,
  ...more,
});
const account = (...packets: TracedPacket[]): TraceAccount => ({
  revision: 1,
  version: '1',
  kernel: '6.18',
  isComplete: true,
  packets,
  chains: [],
});
const tells = (of: (mark: number) => TraceAccount): ((order: TraceOrder) => TraceReport) => {
  let mark = 0;
  return (order) => {
    if (order.type === 'trace-watch') mark = order.flow.mark;
    return done(order, order.type === 'trace-end' ? { account: of(mark) } : {});
  };
};
const left = (mark: number, oif: string): TracedPacket => {
  const hop = {
    family: 'inet',
    table: 'manx-trace',
    chain: 'left',
    kind: 'return',
    handle: null,
    rule: null,
    verdict: 'continue',
    target: null,
    counters: [],
  } as const;
  const packet = {
    kind: 'ip',
    source: '10.65.0.10',
    destination: '10.65.0.20',
    protocol: 6,
    sport: mark,
    dport: 80,
    icmp: null,
    tcpFlags: 2,
    length: 40,
  };
  return { hops: [{ ...hop, iif: 'tap1', oif, packet: packet as never }] };
};

beforeEach(async () => {
  orders = [];
  agents = {};
  api = await openTestApi({
    checksAnswers: true,
    feed: {
      trace: async (host, order) => {
        orders.push({ ...order, host });
        return (await agents[host]?.(order)) ?? 'away';
      },
    },
  });
  const changes = cloudChanges({
    networks: { net: { shared: true, subnets: { v4: '10.65.0.0/24', v6: '2001:db8:65::/64' } } },
    groups: {
      web: { rules: [{ direction: 'egress' }, { direction: 'ingress', protocol: 'tcp', port_range_min: 80, port_range_max: 80 }] },
    },
    ports: {
      'web-1': { network: 'net', ips: ['10.65.0.10', '2001:db8:65::10'], host: 'h1', groups: ['web'] },
      'web-2': { network: 'net', ips: ['10.65.0.20'], host: 'h2', groups: ['web'] },
      spare: { network: 'net', ips: ['10.65.0.30'], groups: ['web'] },
    },
  });
  await api.ledger.decide({ requestId: 'test', userId: null, projectId: null }, () => ({ changes, value: () => undefined }));
});
afterEach(() => api.close());

const QUESTION = { source: 'web-1', destination: 'web-2', protocol: 'tcp', port: 80 };
const trace = async (question: object, headers: Readonly<Record<string, string>> = ADMIN) => {
  const { status, json, text } = await api.call('POST /v2.0/connectivity/trace', { body: { connectivity: question }, headers });
  const [first] = (json['connectivity'] as { traces?: readonly Shown[] } | undefined)?.traces ?? [];
  return { status, type: json.NeutronError?.type, message: json.NeutronError?.message ?? '', first, text };
};
type Shown = {
  readonly verdict: string;
  readonly sent: { readonly mark: number; readonly host: string };
  readonly findings: readonly { readonly host: string; readonly verdict: string; readonly seen: string }[];
};
const tapOf = async (name: string): Promise<string> => {
  const { json } = await api.call(`GET /v2.0/ports?name=${name}`);
  return `tap${String((json['ports'] as unknown as { id: string }[])[0]?.id).slice(0, 11)}`;
};

describe('POST /v2.0/connectivity/trace', () => {
  it('has both hosts watch, the sender’s send, and both tell; what they tell is held against what is explained', async () => {
    const tap = await tapOf('web-2');
    agents = { h1: tells((mark) => account(left(mark, 'eth0'))), h2: tells((mark) => account(left(mark, tap))) };
    const { status, first, text } = await trace(QUESTION);
    expect(status, text).toBe(200);
    expect(first).toMatchObject({ verdict: 'agree', sent: { host: 'h1' } });
    expect(orders.map(({ host, type }) => `${host} ${type}`).toSorted()).toEqual([
      'h1 trace-end',
      'h1 trace-send',
      'h1 trace-watch',
      'h2 trace-end',
      'h2 trace-watch',
    ]);
    const watches = orders.flatMap((order) => (order.type === 'trace-watch' ? [order] : []));
    expect(watches.map(({ host, sender }) => [host, sender?.destination ?? null])).toEqual([
      ['h1', '10.65.0.20'],
      ['h2', null],
    ]);
    expect(watches[0]?.flow).toEqual({
      protocol: 6,
      sources: ['10.65.0.10'],
      destinations: ['10.65.0.20'],
      ports: [80],
      mark: first?.sent.mark,
    });
    expect(first?.sent.mark).toBeGreaterThanOrEqual(49_152);
  });

  it('says which host did otherwise', async () => {
    agents = { h1: tells((mark) => account(left(mark, 'eth0'))), h2: tells(() => account()) };
    const { first } = await trace(QUESTION);
    expect(first?.findings.map(({ host, verdict, seen }) => [host, verdict, seen])).toEqual([
      ['h1', 'agree', 'sent it on by eth0'],
      ['h2', 'disagree', 'did not see it'],
    ]);
    expect(first?.verdict).toBe('disagree');
  });

  it('sends nothing where the sender’s host cannot watch, and ends what the others began', async () => {
    agents = { h1: (order) => done(order, { problem: 'another trace is under way on this host' }), h2: tells(() => account()) };
    const { status, first } = await trace(QUESTION);
    expect([status, first?.verdict]).toEqual([200, 'unknown']);
    expect(orders.map(({ type }) => type)).not.toContain('trace-send');
    expect(orders.filter(({ type }) => type === 'trace-end').map(({ host }) => host)).toEqual(['h1', 'h2']);
    expect(first?.findings.map(({ seen }) => seen)).toEqual(['another trace is under way on this host', 'no packet could be sent']);
  });

  it('is not known where an agent is away', async () => {
    agents = { h1: tells((mark) => account(left(mark, 'eth0'))) };
    const { first } = await trace(QUESTION);
    expect(first?.findings.map(({ verdict, seen }) => [verdict, seen])).toEqual([
      ['agree', 'sent it on by eth0'],
      ['unknown', 'its agent is not connected to this server'],
    ]);
    expect(first?.verdict).toBe('unknown');
  });

  it('is for administrators: it sends in an instance’s name, and tells where everything is', async () => {
    for (const question of [QUESTION, {}, { source: 'nobody' }]) {
      const { status, type } = await trace(question, red);
      expect([status, type]).toEqual([403, 'PolicyNotAuthorized']);
    }
    expect(orders).toEqual([]);
  });

  it('one at a time: another is told to come back', async () => {
    let answer = (_report: TraceReport): void => undefined;
    const begun = new Promise<TraceOrder>((resolve) => {
      agents = { h1: (order) => new Promise((give) => ((answer = give), resolve(order))) };
    });
    const first = trace(QUESTION);
    const order = await begun;
    const second = await trace(QUESTION);
    expect([second.status, second.type]).toEqual([429, 'TraceInProgress']);
    agents = {};
    answer(done(order, { problem: 'no' }));
    expect((await first).status).toBe(200);
    expect((await trace(QUESTION)).status).toBe(200);
  });

  it.each<[string, object, RegExp]>([
    ['a protocol that it cannot send', { ...QUESTION, protocol: 'esp', port: undefined }, /TCP, UDP or a ping/],
    ['an ICMP message that is no ping', { ...QUESTION, protocol: 'icmp', port: undefined, icmp_type: 3 }, /TCP, UDP or a ping/],
    ['a sender outside', { ...QUESTION, source: '192.0.2.1' }, /has to be a port on a host/],
    ['a sender on no host', { ...QUESTION, source: 'spare' }, /has to be a port on a host: .*bound to no host/],
    ['a multicast group', { ...QUESTION, destination: '239.1.1.1' }, /multicast group/],
    ['no time', { ...QUESTION, timeout: 0 }, /timeout must be/],
    ['too long a time', { ...QUESTION, timeout: 11 }, /timeout must be/],
    ['an unknown attribute', { ...QUESTION, wait: 1 }, /there is no attribute "wait"/],
  ])('refuses %s', async (_what, question, words) => {
    const { status, message } = await trace(question);
    expect([status, message]).toEqual([400, expect.stringMatching(words)]);
    expect(orders).toEqual([]);
  });
});

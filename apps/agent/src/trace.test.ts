import type { TraceOrder } from '@manx/feed';
import type { TraceAccount, TraceFlow } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { afterAll, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf, TCP_5000 } from './testing/test-states.js';

const [one, two] = [portOf(1), portOf(2)];
const host = new TestHost('tr-host', stateOf(SUBNET, policy('open', EGRESS, PING, TCP_5000), endpoint(1), endpoint(2)));
afterAll(() => host.remove());

const flowTo = (port: number | null): TraceFlow => ({
  protocol: port === null ? 1 : 6,
  sources: [asIp(one.ip)],
  destinations: [asIp(two.ip)],
  ports: port === null ? [] : [port],
  mark: 50_000,
});
const watch = (trace: string, port: number | null, seconds = 20): TraceOrder => ({
  type: 'trace-watch',
  trace,
  flow: flowTo(port),
  seconds,
  sender: { endpoint: one.id, source: asIp(one.ip), destination: asIp(two.ip), port },
});
const order = async (what: TraceOrder): Promise<{ readonly problem: string | null; readonly account: TraceAccount | null }> => {
  const answer = await host.trace(what);
  if (typeof answer === 'string') throw new Error(`the agent is ${answer}`);
  return answer;
};
/** Sends one, and ends when the other guest has got it or answered it: its own kernel tells. */
const trace = async (name: string, port: number | null, isThere: () => boolean): Promise<TraceAccount> => {
  expect(await order(watch(name, port))).toMatchObject({ problem: null });
  expect(await order({ type: 'trace-send', trace: name })).toMatchObject({ problem: null });
  await host.until('the packet', () => (isThere() ? true : null));
  const { problem, account } = await order({ type: 'trace-end', trace: name });
  expect(problem).toBeNull();
  return account as TraceAccount;
};
/** What a guest's own rules have counted. */
const counted = (guest: string): number =>
  Number(/packets (\d+)/.exec(host.inGuest(guest, 'nft', 'list', 'counter', 'inet', 'c', 'n'))?.[1]);
const chainsOf = ({ packets }: TraceAccount, at: number): readonly string[] =>
  (packets[at]?.hops ?? []).map(({ table, chain }) => `${table} ${chain}`);
const tables = (): string => host.exec('nft', 'list', 'tables');

it('S30: a packet is let in at a tap as if its instance had sent it, and the kernel tells by which rules it went to the other tap, and the answer back', async () => {
  for (const n of [1, 2]) {
    host.plug({ ...portOf(n), name: `tr-g${n}`, gateway: GATEWAY });
    host.inGuest(
      `tr-g${n}`,
      'nft',
      'table inet c { counter n { }; chain i { type filter hook input priority 0; ip protocol { icmp, tcp } counter name n; }; }',
    );
  }
  await host.serve();
  host.start();
  for (const { id } of [one, two]) await host.status(id, ({ state }) => state === 'up');
  const before = counted('tr-g1');
  const account = await trace('t-ping', null, () => counted('tr-g1') > before);
  expect(account).toMatchObject({ isComplete: true, revision: 1 });
  expect(account.packets).toHaveLength(2);
  const [sent, answer] = account.packets.map(({ hops }) => hops.findLast(({ chain, packet }) => chain === 'left' && packet !== null));
  expect(sent).toMatchObject({ iif: one.tap, oif: two.tap, packet: { source: one.ip, destination: two.ip, icmp: { type: 8, code: 0 } } });
  expect(answer).toMatchObject({ iif: two.tap, oif: one.tap, packet: { source: two.ip, destination: one.ip, icmp: { type: 0, code: 0 } } });
  expect(chainsOf(account, 0)).toEqual(
    expect.arrayContaining(['manx prerouting', `manx from-${one.tap}`, 'manx egress-open', `manx to-${two.tap}`, 'manx ingress-open']),
  );
  const allowing = account.packets[0]?.hops.find(({ chain, verdict }) => chain === 'ingress-open' && verdict === 'accept');
  expect(allowing?.rule).toContain('counter name "rule-rule-ping"');
  expect(allowing?.counters).toEqual([{ name: 'rule-rule-ping', before: 0, after: 1 }]);
  expect(account.chains.find(({ chain }) => chain === 'ingress-open')?.text).toContain('chain ingress-open');
});

it('S17: it has no more rights than the instance: another’s address is dropped at the tap', async () => {
  const forged = { ...watch('t-forged', null), flow: { ...flowTo(null), sources: [asIp('10.65.0.99')] } } as Extract<
    TraceOrder,
    { type: 'trace-watch' }
  >;
  expect(
    await order({ ...forged, sender: { endpoint: one.id, source: asIp('10.65.0.99'), destination: asIp(two.ip), port: null } }),
  ).toMatchObject({ problem: null });
  expect(await order({ type: 'trace-send', trace: 't-forged' })).toMatchObject({ problem: null });
  await host.until('the drop', () => (host.exec('nft', 'list', 'set', 'inet', 'manx', 'drop-source').includes(one.tap) ? true : null));
  const { account } = await order({ type: 'trace-end', trace: 't-forged' });
  const hops = account?.packets[0]?.hops ?? [];
  expect(hops.at(-1)).toMatchObject({ chain: 'drop-source', verdict: 'drop' });
  expect(hops.flatMap(({ counters }) => counters)).toEqual([{ name: `drop-source ${one.tap}`, before: 0, after: 1 }]);
});

it('S30: a rule of somebody else that drops it is named, with its text', async () => {
  host.exec(
    'nft',
    'table inet stranger { counter n { }; chain f { type filter hook forward priority 10; policy accept; tcp dport 5000 counter name n drop; }; }',
  );
  const isDropped = (): boolean => /packets [1-9]/.test(host.exec('nft', 'list', 'counter', 'inet', 'stranger', 'n'));
  const account = await trace('t-stranger', 5000, isDropped);
  expect(account.packets[0]?.hops.at(-1)).toMatchObject({
    table: 'stranger',
    chain: 'f',
    verdict: 'drop',
    rule: expect.stringMatching(/^tcp dport 5000 .*drop$/),
  });
  host.exec('nft', 'delete', 'table', 'inet', 'stranger');
});

it('one at a time, of ports of this host, and what was not begun cannot be ended', async () => {
  expect(await order({ type: 'trace-send', trace: 't-none' })).toMatchObject({ problem: expect.stringContaining('not under way here') });
  expect(
    await order({
      ...watch('t-foreign', null),
      sender: { endpoint: 'nobody', source: asIp(one.ip), destination: asIp(two.ip), port: null },
    } as TraceOrder),
  ).toMatchObject({
    problem: expect.stringContaining('is not programmed on this host'),
  });
  expect(await order(watch('t-first', null))).toMatchObject({ problem: null });
  expect(await order(watch('t-second', null))).toMatchObject({ problem: expect.stringContaining('another trace is under way') });
  expect(await order({ type: 'trace-end', trace: 't-second' })).toMatchObject({ problem: expect.stringContaining('not under way here') });
  expect(tables()).toContain('manx-trace');
  await order({ type: 'trace-end', trace: 't-first' });
  expect(tables()).not.toContain('manx-trace');
});

it('S20: one that nobody ends ends by itself, and nothing of one is left when the agent is killed in its midst', async () => {
  await order(watch('t-short', null, 1));
  await host.until('its end', () => (tables().includes('manx-trace') ? null : true));
  await order(watch('t-killed', null));
  expect(tables()).toContain('netdev manx-trace');
  host.exec('ip', 'link', 'add', 'manx-trace', 'type', 'ifb');
  await host.stop('SIGKILL');
  await host.until('its tables gone', () => (tables().includes('manx-trace') ? null : true));
  host.forgetStatuses();
  host.start();
  await host.status(one.id, ({ state }) => state === 'up');
  expect(host.exec('ip', '-o', 'link')).not.toContain('manx-trace');
});

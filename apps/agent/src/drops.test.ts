import { once } from 'node:events';
import { afterAll, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const FORGED = '10.65.0.99';
const [one, two] = [portOf(1), portOf(2)];
const logged = (n: number, event: 'drop' | 'accept') => ({
  ...endpoint(n),
  logs: [{ id: `log-${n}`, project: 'blue', event, policy: null }],
});
const state = stateOf(SUBNET, policy('open', EGRESS, PING), logged(1, 'drop'), logged(2, 'accept'));
const host = new TestHost('dr-host', state, 'drops_seconds: 1\n');
afterAll(() => host.remove());

/** Pings as somebody else: nothing of it arrives. */
const forge = async (packets: number): Promise<void> => {
  const ping = ['-n', '-q', '-I', FORGED, '-i', '0.01', '-c', String(packets), '-W', '0.1', two.ip];
  expect(await once(host.spawnInGuest('dr-g1', 'ping', ...ping), 'exit')).toEqual([1, null]);
};
/** Forges again and again until the condition holds: what was counted before an agent's first reading is not told. */
const forgeUntil = async (isTold: () => boolean): Promise<void> => {
  while (!isTold()) await forge(1);
};
const packets = (reason: string): number => host.drops.find((drop) => drop.endpoint === one.id && drop.reason === reason)?.packets ?? 0;
const isQuiet = (): true | null => (host.drops.find(({ reason }) => reason === 'source')?.rate === 0 ? true : null);
const untilPackets = (wanted: number): Promise<number> =>
  host.until(`${wanted} told`, () => (packets('source') >= wanted ? packets('source') : null));

it('S17: packets with a forged source are told to the server, by port and reason, and no more than there were', async () => {
  for (const n of [1, 2]) host.plug({ ...portOf(n), name: `dr-g${n}`, gateway: GATEWAY });
  await host.serve();
  host.start();
  for (const { id } of [one, two]) await host.status(id, ({ state }) => state === 'up');
  host.inGuest('dr-g1', 'ip', 'address', 'add', `${FORGED}/32`, 'dev', 'eth0');
  // So that the guest knows the MAC of whom it sends to: what it asks as somebody else is dropped as ARP.
  host.inGuest('dr-g1', 'ping', '-n', '-c', '1', '-W', '1', two.ip);
  await forgeUntil(() => packets('source') > 0);
  await host.until('all told', isQuiet);
  const before = packets('source');
  await forge(7);
  const after = await untilPackets(before + 7);
  const [drop] = host.drops.filter(({ reason }) => reason === 'source');
  expect(after).toBe(before + 7);
  expect(drop).toMatchObject({ endpoint: one.id, at: one.tap, bytes: 84 * after });
  expect(drop?.firstAgeMs).toBeGreaterThanOrEqual(drop?.lastAgeMs ?? 0);
  // What the other's kernel sends by itself as it comes up may be dropped for reasons of its own.
  expect(host.drops.filter(({ endpoint: port, reason }) => port === two.id && reason === 'source')).toEqual([]);
});

it('S17: some of them are shown, few however many there are, with their addresses and the MAC that they came with', async () => {
  const mine = () => host.samples.filter(({ endpoint: port, reason }) => port === one.id && reason === 'source');
  const first = await host.until('a sample', () => mine()[0] ?? null);
  expect(first).toMatchObject({ at: one.tap, mac: one.mac, packet: { kind: 'ip', source: FORGED, destination: two.ip, protocol: 1 } });
  const before = packets('source');
  await forge(200);
  await untilPackets(before + 200);
  await host.until('all told', isQuiet);
  expect(new Set(mine().map(({ number }) => number)).size).toBe(mine().length);
  expect(mine().length).toBeLessThan(20);
});

type Line = {
  readonly action: string;
  readonly vm_port: string;
  readonly reason: string | null;
  readonly packet: { readonly kind: string };
};

it('what logs of Neutron ask for is written to the log of the agent: drops of the one port, what rules let begin at the other', async () => {
  const lines = (): readonly Line[] =>
    host.said
      .split('\n')
      .filter((line) => line.includes('"log_resource_ids"') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Line);
  host.inGuest('dr-g1', 'ping', '-n', '-c', '2', '-i', '0.2', '-W', '1', '-I', one.ip, two.ip);
  const isAccepted = ({ action }: Line): boolean => action === 'ACCEPT';
  await host.until('an accepted ping', () => (lines().some(isAccepted) ? true : null));
  const source = lines().find(({ reason }) => reason === 'source');
  expect(source).toMatchObject({
    action: 'DROP',
    project_id: 'blue',
    log_resource_ids: ['log-1'],
    vm_port: one.id,
    direction: 'egress',
    packet: { source: FORGED, destination: two.ip },
  });
  const accepted = lines().filter(isAccepted);
  expect(accepted[0]).toMatchObject({
    vm_port: two.id,
    direction: 'ingress',
    reason: null,
    security_group_id: 'open',
    security_group_rule_id: PING.id,
  });
  expect(lines().every(({ action, vm_port: port }) => port === (action === 'DROP' ? one.id : two.id))).toBe(true);
});

it('and told to the server: what was dropped and what was accepted, each once; a flood of the one hides nothing of the other', async () => {
  const of = (id: string) => host.events.filter(({ endpoint: port }) => port === id);
  const accepted = await host.until('an accepted ping is told', () => of(two.id)[0] ?? null);
  expect(accepted).toMatchObject({ direction: 'ingress', reason: null, logs: ['log-2'], policy: 'open', rule: PING.id });
  expect(accepted.packet).toMatchObject({ source: one.ip, destination: two.ip, protocol: 1 });
  const [before] = [of(two.id).length];
  await forge(300);
  host.inGuest('dr-g1', 'ping', '-n', '-c', '1', '-W', '1', '-I', one.ip, two.ip);
  await host.until('one more accepted ping', () => (of(two.id).length > before ? true : null));
  expect(of(one.id).length).toBeGreaterThan(0);
  expect(of(one.id).every(({ reason, logs }) => reason === 'source' && logs[0] === 'log-1')).toBe(true);
  expect(new Set(host.events.map(({ number }) => number)).size).toBe(host.events.length);
});

it('what stops growing is told with a rate of 0; another run of the agent tells its own', async () => {
  await host.until('no rate', isQuiet);
  const before = packets('source');
  await host.stop('SIGTERM');
  host.forgetStatuses();
  host.start();
  await host.status(one.id, ({ state }) => state === 'up');
  await forgeUntil(() => packets('source') !== before);
  expect(packets('source')).toBeLessThan(before);
});

import { once } from 'node:events';
import { afterAll, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const FORGED = '10.65.0.99';
const [one, two] = [portOf(1), portOf(2)];
const host = new TestHost('dr-host', stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2)), 'drops_seconds: 1\n');
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
  expect(host.drops.some(({ endpoint: port }) => port === two.id)).toBe(false);
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

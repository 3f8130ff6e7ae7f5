import { clientFor, openLinkOf, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, nobody, udpShot } from './forge.js';
import { type Ground, passes, patienceMs } from './ground.js';
import { projects } from './range.js';

/** What `GET /v2.0/connectivity/logged` tells of a packet, as far as it matters here. */
type Logged = {
  readonly action: string;
  readonly port_id: string;
  readonly packet: { readonly source: string; readonly sport: number | null };
};

const client = clientFor(projects.wendy);
const FLOOD = 3_000;

/** What a log asked for, as the server has it. */
const loggedBy = async (log: string): Promise<readonly Logged[]> =>
  (await client.list('connectivity/logged', { log_id: log })) as unknown as readonly Logged[];

/** Gives each port a log of its project's, of all that passes and does not, and takes it away after. */
const withLogs = async (ports: Readonly<Record<string, string>>, act: (logs: readonly string[]) => Promise<void>): Promise<void> => {
  const logs: string[] = [];
  try {
    for (const [project_id, target_id] of Object.entries(ports)) {
      const { id } = await client.create('log/logs', 'log', { project_id, target_id, resource_type: 'security_group', event: 'ALL' });
      logs.push(id);
    }
    await act(logs);
  } finally {
    for (const id of logs) await client.remove('log/logs', id);
  }
};

/** Packets in a name that is not the attacker's: each is dropped, and logged as such up to the host's rate. */
const flood = ({ mallory, witness }: Ground): void => {
  const link = openLinkOf(mallory.netns);
  try {
    const { frame } = udpShot('flood', mallory, { source: nobody.v4, destination: witness.v4 });
    for (let sent = 0; sent < FLOOD; sent += 1) link.send(frame);
  } finally {
    link.close();
  }
};

let ports = 40_000;

/** One packet that begins a flow of its own, as only such are logged where rules accept them. */
const visit = async ({ friend, victim }: Ground): Promise<boolean> => {
  ports += 1;
  return await passes(friend, victim, udpShot('visit', friend, { ...endsOf(friend, victim, 4), sport: ports }), patienceMs);
};

tryAttacks([
  {
    title: 'a flood of packets that are logged hides nothing that another project has logged, and is none of its lines',
    act: async (ground) => {
      const { mallory, friend, victim } = ground;
      await withLogs({ [projects.mallory]: mallory.port_id, [projects.alice]: victim.port_id }, async ([loud = '', quiet = '']) => {
        const has = async (log: string, action: string): Promise<boolean> => (await loggedBy(log)).some((row) => row.action === action);
        await waitUntil('the logs to be in force', async () => {
          flood(ground);
          await visit(ground);
          return (await has(loud, 'DROP')) && (await has(quiet, 'ACCEPT'));
        });
        const newest = async (): Promise<number> => Math.max(0, ...(await loggedBy(quiet)).map(({ packet }) => packet.sport ?? 0));
        flood(ground);
        expect(await visit(ground)).toBe(true);
        flood(ground);
        await waitUntil('the packet amid the flood to be told', async () => (await newest()) === ports);
        const told = await loggedBy(quiet);
        expect(told.every(({ port_id: port }) => port === victim.port_id)).toBe(true);
        expect(told.some(({ packet }) => packet.source === friend.v4)).toBe(true);
        // Of the flood the latest few, however many there were.
        const ofFlood = (await loggedBy(loud)).filter(({ action }) => action === 'DROP');
        expect(ofFlood.length).toBeGreaterThan(0);
        expect(ofFlood.length).toBeLessThanOrEqual(10);
      });
    },
  },
]);

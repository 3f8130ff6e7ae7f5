import { readFile } from 'node:fs/promises';
import { labPaths } from '../lab-paths.js';
import { layoutOf } from '../layout.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { ping, udpTo } from './reach.js';
import { type Row, row } from './row.js';
import { within } from './within.js';

/** Nobody's port: what goes there is told apart from all else that was dropped. */
const port = 7_077;

/** Hosts tell what they have dropped every second here; with time for the way. */
const tellingMs = 5_000;

type Drop = {
  readonly reason: string;
  readonly samples: readonly { readonly text: string; readonly check: string | null; readonly opening: string | null }[];
};

/** A datagram to an instance whose groups let none in: its host tells the packet, the rule that is missing, and what would open it. */
const toldRow = async ({ near, shyFar }: Field, { client }: CheckContext): Promise<Row> => {
  await udpTo(near.netns, shyFar.v4, { port, waitMs: 1 });
  let found: Drop['samples'][number] | undefined;
  const ms = await within(async () => {
    const drops = (await client.list('connectivity/drops', { port_id: shyFar.port_id, samples: '5' })) as unknown as readonly Drop[];
    const samples = drops.filter(({ reason }) => reason === 'ingress-policy').flatMap((drop) => drop.samples);
    found = samples.find(({ text }) => text.includes(near.v4) && text.includes(String(port)));
    return found !== undefined;
  }, tellingMs);
  const { text = 'nothing', check = null, opening = null } = found ?? {};
  return row(
    'drops',
    `a datagram from near to ${shyFar.v4} port ${port}, which no rule lets in: told by its host, with what would open it`,
    {
      saw: ms === null ? `nothing after ${tellingMs} ms` : `${text} after ${ms} ms; ${check ?? 'NO CHECK'}; ${opening ?? 'NO OPENING'}`,
      ok: ms !== null && check !== null && opening?.includes(String(port)) === true,
    },
  );
};

type LogLine = {
  readonly action: 'ACCEPT' | 'DROP';
  readonly reason: string | null;
  readonly log_resource_ids: readonly string[];
  readonly packet: { readonly source?: string; readonly destination?: string };
};

/** A log of a port: what a rule lets in and what its host drops are written down there, and nothing once the log is gone. */
const loggedRow = async ({ near, far, lab }: Field, { client }: CheckContext): Promise<Row> => {
  const { serverAddress } = layoutOf(lab.hosts).management;
  const log = await client.create('log/logs', 'log', {
    name: 'check-log',
    resource_type: 'security_group',
    target_id: near.port_id,
    event: 'ALL',
    enabled: true,
  });
  const lines = async (): Promise<readonly LogLine[]> =>
    (await readFile(labPaths.log(`agent-${near.host}`), 'utf8'))
      .split('\n')
      .filter((line) => line.includes(log.id) && line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  const seen = { ACCEPT: 'nothing accepted', DROP: 'nothing dropped' };
  const look = async (): Promise<boolean> => {
    await Promise.all([ping(far.netns, near.v4, 200), udpTo(near.netns, serverAddress, { port, waitMs: 1 })]);
    for (const { action, reason, packet } of await lines()) {
      const isIt = action === 'ACCEPT' ? packet.source === far.v4 && packet.destination === near.v4 : packet.destination === serverAddress;
      if (isIt) seen[action] = `${action} ${packet.source} -> ${packet.destination}${reason === null ? '' : ` (${reason})`}`;
    }
    return seen.ACCEPT.startsWith('ACCEPT') && seen.DROP.startsWith('DROP');
  };
  try {
    const ms = await within(look, tellingMs);
    return row('logs', `a log of near's port: a ping from far, which it lets in, and a datagram to ${serverAddress}, which is protected`, {
      saw: `${seen.ACCEPT}, ${seen.DROP}${ms === null ? ` after ${tellingMs} ms` : ` after ${ms} ms`}`,
      ok: ms !== null,
    });
  } finally {
    await client.remove('log/logs', log.id);
  }
};

/** What hosts tell of packets: of those dropped, and of those that logs ask for. */
export const checkDrops = async (field: Field, context: CheckContext): Promise<readonly Row[]> =>
  await Promise.all([toldRow(field, context), loggedRow(field, context)]);

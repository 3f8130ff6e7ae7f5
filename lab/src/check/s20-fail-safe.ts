import { hostNamespace, instanceNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { ping, silenceMs } from './reach.js';
import { type Row, row } from './row.js';
import { pingDuring } from './steady-ping.js';

const unknownTap = 'tap00000000-de';
const unknownGuest = instanceNamespace('check-unknown');

/** An interface that nobody told the agent of, set up by its guest as if it were a port on the near network. */
const plugUnknownTap = async (host: string, like: { readonly address: string; readonly gateway: string }): Promise<void> => {
  const namespace = hostNamespace(host);
  const steps: readonly (readonly string[])[] = [
    ['ip', 'netns', 'add', unknownGuest],
    ['ip', '-n', namespace, 'link', 'add', unknownTap, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', unknownGuest],
    ['ip', '-n', namespace, 'link', 'set', unknownTap, 'up'],
    ['ip', '-n', unknownGuest, 'link', 'set', 'eth0', 'up'],
    ['ip', '-n', unknownGuest, 'addr', 'add', `${like.address}/24`, 'dev', 'eth0'],
    ['ip', '-n', unknownGuest, 'route', 'add', 'default', 'via', like.gateway],
    // The intruder does not even depend on ARP: it knows the way.
    ['ip', '-n', namespace, 'route', 'replace', `${like.address}/32`, 'dev', unknownTap],
  ];
  for (const step of steps) await execIn(namespace, step);
};

const unplugUnknownTap = async (host: string): Promise<void> => {
  await execIn(hostNamespace(host), ['ip', 'link', 'del', unknownTap]);
  await execIn(hostNamespace(host), ['ip', 'netns', 'del', unknownGuest]);
};

const unknownTapRow = async ({ near, mate, gateway, spareAddress }: Field): Promise<Row> => {
  await plugUnknownTap(near.host, { address: spareAddress, gateway });
  try {
    const hostMac =
      /link\/ether (\S+)/.exec((await execIn(hostNamespace(near.host), ['ip', 'link', 'show', unknownTap])).stdout)?.[1] ?? '';
    // A permanent entry for the gateway, so that nothing is silent merely for want of an ARP answer.
    await execIn(unknownGuest, ['ip', 'neigh', 'replace', gateway, 'lladdr', hostMac, 'dev', 'eth0', 'nud', 'permanent']);
    const [toMate, toGateway, fromHost] = await Promise.all([
      ping(unknownGuest, mate.v4, silenceMs),
      ping(unknownGuest, gateway, silenceMs),
      ping(hostNamespace(near.host), spareAddress, silenceMs),
    ]);
    const passed = Object.entries({ 'to an instance': toMate, 'to the host': toGateway, 'from the host': fromHost }).filter(
      ([, ttl]) => ttl !== null,
    );
    return row('S20', 'an interface tap... that is nobody’s port: ping out of it and into it', {
      saw: passed.length === 0 ? 'nothing passes' : `passes ${passed.map(([name]) => name).join(', ')}`,
      ok: passed.length === 0,
    });
  } finally {
    await unplugUnknownTap(near.host);
  }
};

const lossRow = async (field: Field, did: string, act: () => Promise<void>): Promise<Row> => {
  const { sent, received } = await pingDuring(field.near.netns, field.far.v4, act);
  return row('S20', `${did}, under a ping of 1 kHz`, { saw: `${sent} sent, ${sent - received} lost`, ok: sent > 300 && sent === received });
};

/** S20: what nobody allowed does not pass, and what was allowed goes on while agents and servers die and return. */
export const checkFailSafe = async (field: Field, { processes }: CheckContext): Promise<Row[]> => {
  const { near } = field;
  const rows = [await unknownTapRow(field)];
  rows.push(
    await lossRow(field, `agent of ${near.host} killed with -9 and started again`, async () => {
      await processes.killAgent(near.host);
      await processes.startAgent(near.host);
    }),
  );
  rows.push(
    await lossRow(field, 'server killed with -9; an agent started while it is down; server started again', async () => {
      await processes.killServer();
      try {
        await processes.killAgent(near.host);
        await processes.startAgent(near.host, { awaitServer: false });
      } finally {
        await processes.startServer();
      }
    }),
  );
  return rows;
};

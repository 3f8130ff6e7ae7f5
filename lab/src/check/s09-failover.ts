import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asMac, type Ip } from '@manx/ip';
import { outsideNamespace } from '../layout.js';
import { execIn, spawnIn } from '../namespace-exec.js';
import type { NeutronClient } from '../neutron-client.js';
import { labFolder } from '../running-lab.js';
import { announce } from '../wire/announce.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { patienceMs } from './reach.js';
import { type Row, row } from './row.js';
import { answersOf, type SharedAddress, shareAddress, tellAnswers } from './shared-address.js';
import { within } from './within.js';

const someFlows = 10;
const quickMs = 200;

/** From outside and from an instance on the first host: all answers are this one's, in both families. */
const isOnly = async ({ tenant }: Field, addresses: readonly Ip[], holder: Guest, waitMs = quickMs): Promise<boolean> => {
  const all = await Promise.all(
    [outsideNamespace, tenant.netns].flatMap((from) =>
      addresses.map(async (address) => await answersOf(from, address, { count: someFlows, waitMs })),
    ),
  );
  return all.every((names) => names.size === 1 && names.has(holder.name));
};

const claimedBy = async (client: NeutronClient, { port_id }: Guest): Promise<readonly string[]> => {
  const { claimed_addresses } = await client.show('ports', port_id);
  return (claimed_addresses as readonly { readonly ip_address: string }[]).map(({ ip_address }) => ip_address);
};

/** An instance announces: within a second everything to the address goes to it, from everywhere. */
const moveRow = async (
  field: Field,
  { v4, v6 }: SharedAddress,
  { to, what }: { readonly to: Guest; readonly what: string },
): Promise<Row> => {
  for (const address of [v4, v6]) announce(to, address);
  const ms = await within(async () => await isOnly(field, [v4, v6], to), patienceMs);
  const seen = await answersOf(outsideNamespace, v4, { count: someFlows });
  return row('S9', `${what}: gratuitous ARP and an unsolicited neighbour advertisement, flows from outside and from an instance`, {
    saw: ms === null ? `NOT with it alone: ${tellAnswers(seen)}` : `all with ${to.name} after ${ms} ms`,
    ok: ms !== null,
  });
};

/** Announcements of those who may not: the address stays. */
const forgedRow = async (field: Field, { v4, v6 }: SharedAddress, holder: Guest): Promise<Row> => {
  const { shy, near, far } = field;
  const liar = holder === near ? far : near;
  for (const address of [v4, v6]) {
    announce(shy, address);
    announce(liar, address, asMac('fa:16:3e:66:66:66'));
    announce({ netns: liar.netns, mac: holder.mac }, address);
  }
  // Nothing tells that nothing happened: a second is many times what a move takes.
  const isMoved = await within(async () => !(await isOnly(field, [v4, v6], holder)));
  return row('S9', 'announced by an instance that does not have it, and by one with a MAC that is not its own', {
    saw: isMoved === null ? `still all with ${holder.name}` : `MOVED after ${isMoved} ms`,
    ok: isMoved === null,
  });
};

/** The agent of the holder's host dies and returns: the address stays, and the API says whose it is. */
const restartRow = async (
  field: Field,
  { v4, v6 }: SharedAddress,
  { holder, context }: { readonly holder: Guest; readonly context: CheckContext },
): Promise<Row> => {
  const { client, processes } = context;
  const stays: boolean[] = [];
  const look = async (): Promise<void> => void stays.push(await isOnly(field, [v4, v6], holder, patienceMs));
  await processes.killAgent(holder.host);
  await look();
  await processes.startAgent(holder.host);
  await look();
  const claimed = await claimedBy(client, holder);
  const isTold = [v4, v6].every((address) => claimed.includes(address));
  return row('S9', `the agent of ${holder.host} killed with -9 and started again while the address is claimed`, {
    saw: `${stays.every(Boolean) ? `all the while with ${holder.name}` : `NOT with it all the while (${stays.join(', ')})`}; its port shows ${claimed.join(', ') || 'NOTHING'}`,
    ok: stays.every(Boolean) && isTold,
  });
};

/** The holder goes: those that remain have the address again. */
const goneRow = async (
  { v4 }: SharedAddress,
  { holder, client }: { readonly holder: Guest; readonly client: NeutronClient },
): Promise<Row> => {
  const set = async (admin_state_up: boolean): Promise<unknown> =>
    await client.update('ports', 'port', { id: holder.port_id, body: { admin_state_up } });
  await set(false);
  try {
    const ms = await within(async () => {
      const names = await answersOf(outsideNamespace, v4, { count: someFlows, waitMs: quickMs });
      return !names.has('') && !names.has(holder.name);
    }, patienceMs);
    return row('S9', 'the holder is set administratively down', {
      saw: ms === null ? 'the others have NOT got it' : `with the others after ${ms} ms`,
      ok: ms !== null,
    });
  } finally {
    await set(true);
  }
};

const configuration = ({
  own,
  peer,
  addresses: [v4, v6],
  priority,
}: {
  readonly own: Guest;
  readonly peer: Guest;
  readonly addresses: readonly Ip[];
  readonly priority: number;
}): string => `global_defs {
  vrrp_version 3
  script_user root
}
vrrp_instance vip {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 0.1
  unicast_src_ip ${own.v4}
  unicast_peer {
    ${peer.v4}
  }
  virtual_ipaddress {
    ${v4}/32 dev eth0
  }
  virtual_ipaddress_excluded {
    ${v6}/128 dev eth0
  }
}
`;

/** How long keepalived may take until one is master; and, with ten advertisements a second, until the other notices that it is gone. */
const startMs = 6_000;
const noticeMs = 500;

type Keepalived = { readonly stop: (signal: NodeJS.Signals) => Promise<void> };

/** keepalived in an instance, in the foreground, with files of its own. */
const startKeepalived = async (folder: string, guest: Guest, text: string): Promise<Keepalived> => {
  const file = (name: string): string => join(folder, `${guest.name}.${name}`);
  await writeFile(file('conf'), text);
  const argv = ['keepalived', '--dont-fork', '--log-console', '--vrrp', '-f', file('conf'), '-p', file('pid'), '-r', file('vrrp')];
  const child = spawnIn(guest.netns, argv, { stdio: 'ignore', detached: true });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    stop: async (signal) => {
      // The child that speaks VRRP must end as abruptly as its parent.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
      await ended;
    },
  };
};

/** Real keepalived in two instances: the address is with the master, and moves when it dies. */
const keepalivedRow = async (field: Field, { v4, v6 }: SharedAddress, [first, second]: readonly [Guest, Guest]): Promise<Row> => {
  const folder = await mkdtemp(join(labFolder, 'keepalived-'));
  const where = first.host === second.host ? 'on one host' : 'on two hosts';
  const start = async (own: Guest, peer: Guest, priority: number): Promise<Keepalived> =>
    await startKeepalived(folder, own, configuration({ own, peer, addresses: [v4, v6], priority }));
  const running: Keepalived[] = [];
  try {
    const master = await start(first, second, 150);
    running.push(master, await start(second, first, 100));
    const isFirst = (await within(async () => await isOnly(field, [v4, v6], first), startMs)) !== null;
    await master.stop('SIGKILL');
    // Where it died its addresses stay, as after a crash.
    const ms = await within(async () => await isOnly(field, [v4, v6], second), noticeMs + patienceMs);
    return row('S9', `keepalived in two instances ${where}, IPv4 and IPv6; the master is killed`, {
      saw: `${isFirst ? `with ${first.name} first` : `NEVER with ${first.name}`}; ${ms === null ? `NOT with ${second.name} within ${noticeMs + patienceMs} ms` : `with ${second.name} after ${ms} ms`}`,
      ok: isFirst && ms !== null,
    });
  } finally {
    await Promise.all(running.map(async ({ stop }) => await stop('SIGKILL')));
    for (const { netns } of [first, second]) {
      await execIn(netns, ['ip', 'addr', 'del', `${v4}/32`, 'dev', 'eth0']);
      await execIn(netns, ['ip', 'addr', 'del', `${v6}/128`, 'dev', 'eth0']);
    }
    await rm(folder, { recursive: true, force: true });
  }
};

/** S9: an address pair goes where it was announced last, and nowhere else. */
export const checkFailover = async (field: Field, context: CheckContext): Promise<Row[]> => {
  const { near, mate, far } = field;
  if (!field.hasTwoHosts) return [];
  const { client } = context;
  const { address, end } = await shareAddress(client, field, { holders: [near, mate, far], offset: 249n });
  try {
    await within(async () => !(await answersOf(outsideNamespace, address.v6, { count: someFlows, waitMs: quickMs })).has(''));
    return [
      await moveRow(field, address, { to: near, what: 'an address that three instances have is announced by one' }),
      await moveRow(field, address, { to: mate, what: 'announced by another on its host' }),
      await moveRow(field, address, { to: far, what: 'announced by one on another host' }),
      await forgedRow(field, address, far),
      await goneRow(address, { holder: far, client }),
      await keepalivedRow(field, address, [near, mate]),
      await keepalivedRow(field, address, [far, near]),
      await moveRow(field, address, { to: far, what: 'announced by one on another host again' }),
      await restartRow(field, address, { holder: far, context }),
    ];
  } finally {
    await end();
  }
};

import { requestLease } from '../dhcp-client.js';
import { hostNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import { makeTap, removeTap } from '../plug-instance.js';
import type { ProcessControl } from '../process-control.js';
import { waitUntil } from '../program.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { openFlow } from './open-flow.js';
import { inWords, patienceMs, ping, silenceMs, tcpTo } from './reach.js';
import { type Row, row } from './row.js';
import { startPing } from './steady-ping.js';
import { unknownTapRow } from './unknown-tap.js';

/** The port of the flow that is to outlive what is done. */
const flowPort = 7_301;

/**
 * Does something under streams of echo requests: those that are allowed must lose nothing, an established TCP flow must go on, and
 * those that are not allowed must not pass for a moment.
 */
const lossRow = async ({ near, far, stranger, shy }: Field, did: string, act: () => Promise<void>): Promise<Row> => {
  const flow = await openFlow(near, { netns: far.netns, address: far.v4, port: flowPort });
  const stream = startPing(near.netns, far.v4, 1_000);
  const allowed = [stream, startPing(far.netns, near.v6, 100)];
  const denied = [startPing(near.netns, shy.v4, 100), startPing(stranger.netns, shy.v6, 100)];
  let fared: readonly (readonly [number, number])[] = [];
  let lives = false;
  try {
    await stream.more(200);
    await act();
    await stream.more(300);
    lives = await flow.lives();
  } finally {
    flow.close();
    const ends = await Promise.all([...allowed, ...denied].map(async ({ stop }) => await stop()));
    fared = ends.map(({ sent, received }) => [sent, received] as const);
  }
  const [kept, leaks] = [fared.slice(0, allowed.length), fared.slice(allowed.length)];
  const sum = (pairs: typeof fared, at: 0 | 1) => pairs.reduce((total, pair) => total + pair[at], 0);
  return row('S20', `${did}, under a ping of 1 kHz`, {
    saw: `${sum(kept, 0)} sent, ${sum(kept, 0) - sum(kept, 1)} lost; a TCP flow ${lives ? 'lives on' : 'DIED'}; of ${sum(leaks, 0)} that are not allowed ${sum(leaks, 1)} passed`,
    ok:
      sum(kept, 0) > 500 &&
      kept.every(([sent, received]) => sent > 0 && sent === received) &&
      lives &&
      sum(leaks, 0) > 50 &&
      sum(leaks, 1) === 0,
  });
};

/** The process ids of BIRD and dnsmasq on a host. */
const daemonsOf = async (host: string): Promise<readonly string[]> => {
  const { stdout } = await execIn(hostNamespace(host), [
    'sh',
    '-c',
    'for p in $(ip netns pids "$1"); do echo "$(cat /proc/$p/comm) $p"; done',
    'sh',
    hostNamespace(host),
  ]);
  return stdout
    .split('\n')
    .filter((line) => /^(bird|dnsmasq) /.test(line))
    .toSorted();
};

/** An agent dies and comes back: the network does not notice, and neither do the host's BIRD and dnsmasq. */
const agentRows = async (field: Field, processes: ProcessControl): Promise<Row[]> => {
  const { host } = field.near;
  const before = await daemonsOf(host);
  const loss = await lossRow(field, `agent of ${host} killed with -9 and started again`, async () => {
    await processes.killAgent(host);
    await processes.startAgent(host);
  });
  const after = await daemonsOf(host);
  const isSame = (program: string): boolean => {
    const [now, then] = [after, before].map((lines) => lines.filter((line) => line.startsWith(program)).join());
    return now !== '' && now === then;
  };
  return [
    loss,
    // Another dnsmasq serves as well; another BIRD would have begun all sessions anew.
    row('S20', `the programs of ${host} after that: the same BIRD, a dnsmasq`, {
      saw: `${after.join(', ') || 'none'}; before ${before.join(', ')}`,
      ok: isSame('bird') && after.some((line) => line.startsWith('dnsmasq')),
    }),
  ];
};

/** While the server is away: what begins now. */
const newFlowRow = async ({ near, far, shy }: Field): Promise<Row> => {
  const [there, there6, closed] = await Promise.all([
    tcpTo(near.netns, far.v4),
    tcpTo(far.netns, near.v6),
    tcpTo(near.netns, shy.v4, { waitMs: silenceMs }),
  ]);
  return row('S20', 'the server is down: new TCP flows, IPv4 and IPv6, and one that is not allowed', {
    saw: `${inWords(there)}; ${inWords(there6)}; ${inWords(closed)}`,
    ok: there.kind === 'answered' && there6.kind === 'answered' && closed.kind === 'silent',
  });
};

/** While the server is away: an instance's tap is pulled and plugged in again, its agent dead meanwhile; the guest boots as it did before. */
const replugRow = async (processes: ProcessControl, { mate, far }: Field): Promise<Row> => {
  await processes.killAgent(mate.host);
  await removeTap(mate);
  await makeTap(mate);
  await processes.startAgent(mate.host, { awaitServer: false });
  const lease = await requestLease(mate.name, mate.netns).then(
    () => 'a lease',
    (error: Error) => error.message,
  );
  // Its first router solicitation must not be too early: the next comes four seconds later.
  await execIn(mate.netns, ['sysctl', '-qw', 'net.ipv6.neigh.eth0.retrans_time_ms=50', 'net.ipv6.conf.eth0.disable_ipv6=0']);
  const isHeld = async (address: string) =>
    (await execIn(mate.netns, ['ip', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global', '-tentative'])).stdout.includes(
      ` ${address}/`,
    );
  // Whether it came is for the ping below to say.
  await Promise.allSettled([waitUntil('an address', async () => await isHeld(mate.v6), patienceMs)]);
  const [out, into, into6] = await Promise.all([ping(mate.netns, far.v4), ping(far.netns, mate.v4), ping(far.netns, mate.v6)]);
  const host = await execIn(hostNamespace(mate.host), ['cat', `/proc/sys/net/ipv4/conf/${mate.tap}/proxy_arp`]);
  const isWhole = (await isHeld(mate.v4)) && host.stdout.trim() === '1';
  const heard = [out, into, into6].map((ttl) => (ttl === null ? 'SILENT' : 'answered'));
  return row('S20', 'the server is down: an agent is started, and an instance whose tap is new gets its lease and talks', {
    saw: `${lease}${isWhole ? ` of ${mate.v4}` : ', tap NOT as it should be'}; ping from it ${heard[0]}, to it ${heard[1]}, IPv6 ${heard[2]}`,
    ok: lease === 'a lease' && isWhole && !heard.includes('SILENT'),
  });
};

/** S20: what nobody allowed does not pass, and what was allowed goes on while agents and servers die and return. */
export const checkFailSafe = async (field: Field, { processes }: CheckContext): Promise<Row[]> => {
  const rows = [await unknownTapRow(field), ...(await agentRows(field, processes))];
  const meanwhile: Row[] = [];
  rows.push(
    await lossRow(field, 'server killed with -9; an agent started while it is down; server started again', async () => {
      await processes.killServer();
      try {
        meanwhile.push(await newFlowRow(field), await replugRow(processes, field));
      } finally {
        await processes.startServer();
      }
    }),
    ...meanwhile,
  );
  return rows;
};

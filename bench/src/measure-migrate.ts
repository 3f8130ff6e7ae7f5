import { beginLiveMove, type Instance, instanceNamespace } from '@manx/lab/bench-kit';
import { type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, Progress } from './figure.js';
import { type GuestPort, project, tapOf } from './guest.js';
import { monotonicMs } from './prober.js';
import { median } from './statistics.js';
import { startUdpStream } from './udp-stream.js';

type Work = { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress };

/** A port that every instance lets the others in by. */
const port = 5201;
const settleMs = 1_500;

const instanceOf = async ({ client }: BenchCloud, guest: GuestPort): Promise<Instance> => {
  const [found] = await client.list('ports', { name: guest.name });
  if (found === undefined) throw new Error(`there is no port ${guest.name}`);
  const { name, host, address } = guest;
  const plugged = { netns: instanceNamespace(name), tap: tapOf(found), mac: String(found['mac_address']), mtu: 1500 };
  return { name, port_id: found.id, project_id: project, host, addresses: [address], ...plugged };
};

/** One live migration from beginning to end; how long the guest itself was stopped. */
const migrate = async ({ client }: BenchCloud, before: Instance, host: string): Promise<number> => {
  const move = await beginLiveMove(client, before, { host });
  await move.ready();
  const stopped = await move.switchOver();
  move.announce();
  const stoppedMs = performance.now() - stopped;
  await move.activate();
  await move.finish();
  return stoppedMs;
};

/** A running instance is moved to and fro between two hosts, under a flow from a third: the longest time without a packet. */
export const measureMigrate = async (effort: Effort, { cloud, cleanup, progress }: Work): Promise<Figure> => {
  const [sender, guest] = await bootGuests(cloud, { 'bench-migrate-a': hosts[0], 'bench-migrate-b': hosts[1] });
  if (sender === undefined || guest === undefined) throw new Error('two guests were asked for');
  const [from, to] = [sender, guest].map(({ name }) => instanceNamespace(name)) as [string, string];
  const stream = await startUdpStream({ from, to, address: guest.address, port, everyMs: 1 }, cleanup);
  let instance = await instanceOf(cloud, guest);
  const gaps: number[] = [];
  const stops: number[] = [];
  for (let at = 0; at < effort.migrations; at += 1) {
    progress(`live migration ${at + 1} of ${effort.migrations}`);
    await stream.firstAfter(monotonicMs());
    const began = monotonicMs();
    const host = instance.host === hosts[1] ? hosts[2] : hosts[1];
    stops.push(await migrate(cloud, instance, host));
    instance = { ...instance, host };
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    await stream.firstAfter(monotonicMs());
    gaps.push((await stream.since(began)).longestGap);
  }
  await stream.stop();
  const worst = Math.max(...gaps);
  return {
    title: 'Live migration',
    rows: [
      {
        what: 'longest time without a packet',
        ours: `${median(gaps).toFixed(0)} ms, at most ${worst.toFixed(0)} ms`,
        peer: '',
        ratio: '',
        goal: 'under 100 ms',
        isMet: worst < 100,
      },
      {
        what: '- of that the guest itself was stopped, until it announced itself',
        ours: `${median(stops).toFixed(0)} ms, at most ${Math.max(...stops).toFixed(0)} ms`,
        peer: '',
        ratio: '',
        goal: '',
      },
    ],
    notes: [
      `${effort.migrations} live migrations of an instance to and fro between two hosts, under 1,000 datagrams a second from an instance on a third (median, at most). The lab stands in for QEMU: the guest is stopped while its addresses and routes are put on another interface, by one \`ip\` process.`,
    ],
  };
};

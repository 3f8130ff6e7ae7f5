import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { hostNamespace, instanceNamespace, outsideNamespace, runProgram } from '@manx/lab/bench-kit';
import { stopProgram } from './background-program.js';
import { type BenchCloud, untilAllActive } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import { type Effort, type Figure, type Progress, rowAlone } from './figure.js';
import { type GuestPort, gateway, makeGuests, makePort, tapOf } from './guest.js';
import type { PingAllAnswer, PingAllOrder } from './ping-all-process.js';
import { monotonicMs } from './prober.js';

/** As many ports are asked for at a time as a busy Nova would. */
const AT_A_TIME = 16;

const inParallel = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
};

/** The tap as Nova makes it, and the guest behind it with its address. */
const plug = async (tap: string, mac: string, { name, host, address }: GuestPort): Promise<void> => {
  const guest = instanceNamespace(name);
  const lines = [`link add ${tap} type veth peer name eth0 address ${mac} netns ${guest}`, `link set ${tap} up`];
  await runProgram(['ip', '-n', hostNamespace(host), '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  const own = [`addr add ${address}/32 dev eth0`, 'link set eth0 up', `route add ${gateway} dev eth0`, `route add default via ${gateway}`];
  await runProgram(['ip', '-n', guest, '-batch', '-'], { stdin: `${own.join('\n')}\n` });
};

/** Many instances at once on ten hosts: until all are ACTIVE, and until each has answered a ping from outside. */
export const measureStorm = async (
  effort: Effort,
  {
    cloud,
    hosts,
    cleanup,
    progress,
  }: { readonly cloud: BenchCloud; readonly hosts: readonly string[]; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const guests = Array.from({ length: effort.storm }, (_, index) => cloud.nextPort(`storm-${index}`, hosts[index % hosts.length] ?? ''));
  progress(`boot storm: ${guests.length} guests without ports`);
  await makeGuests(guests.map(({ name }) => name));
  await runProgram(['ip', 'netns', 'exec', outsideNamespace, 'sysctl', '-qw', 'net.ipv4.ping_group_range=0 0']);
  const pinger = fork(fileURLToPath(new URL('ping-all-process.js', import.meta.url)), [outsideNamespace], { stdio: 'inherit' });
  cleanup.add(async () => await stopProgram(pinger));
  await once(pinger, 'message');
  progress(`boot storm: ${guests.length} ports on ${hosts.length} hosts`);
  const answered = once(pinger, 'message') as Promise<[PingAllAnswer]>;
  const from = monotonicMs();
  const order: PingAllOrder = { addresses: guests.map(({ address }) => address) };
  pinger.send(order);
  await inParallel(guests, async (guest) => {
    const port = await makePort(cloud.client, cloud.network, guest);
    await plug(tapOf(port), String(port['mac_address']), guest);
  });
  const plugged = monotonicMs() - from;
  await untilAllActive(cloud.client);
  const active = monotonicMs() - from;
  const [{ lastAt }] = await answered;
  await stopProgram(pinger);
  const pinged = lastAt - from;
  const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;
  return {
    title: 'Boot storm',
    rows: [
      rowAlone(
        `${guests.length} ports on ${hosts.length} hosts: all have answered a ping from outside`,
        seconds(pinged),
        'under 15 s',
        pinged < 15_000,
      ),
      rowAlone('- all ports made and plugged in (two `ip` processes each)', seconds(plugged)),
      rowAlone('- all ports ACTIVE', seconds(active)),
    ],
    notes: [
      `A lab of ${hosts.length} hosts: their agents, BIRDs and dnsmasqs, the fabric, the server and the guests share the machine. ${AT_A_TIME} ports are asked for at a time. From the first request.`,
    ],
  };
};

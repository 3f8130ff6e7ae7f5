import { instanceNamespace, runProgram } from '@manx/lab/bench-kit';
import type { BenchCloud } from './bench-cloud.js';
import { bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, Progress } from './figure.js';
import { type GuestPort, makeGuests, makePort, plugIn } from './guest.js';
import { monotonicMs, type Prober, startProber } from './prober.js';
import { type RouteWatch, watchRoutes } from './route-watch.js';
import { median, percentile } from './statistics.js';

/** Milliseconds from sending the POST. */
type Boot = {
  readonly answered: number;
  readonly plugged: number;
  readonly ownRoute: number;
  readonly farRoute: number;
  readonly reply: number;
};

const pinger = 'bench-pinger';
const pingerHost = hosts[0];

const bootOnce = async (cloud: BenchCloud, name: string, { host, prober }: Watching): Promise<Booted> => {
  const guest = cloud.nextPort(name, host);
  const replied = prober.firstReply(guest.address);
  const start = monotonicMs();
  const wallStart = performance.timeOrigin + performance.now();
  const port = await makePort(cloud.client, cloud.network, guest);
  const answered = monotonicMs() - start;
  await plugIn(port, guest);
  const plugged = monotonicMs() - start;
  return { guest, wallStart, answered, plugged, reply: (await replied) - start };
};

/** The kernels' messages are read in their own time: they are looked at when all boots are over. */
const withRoutes = ({ guest, wallStart, answered, plugged, reply }: Booted, routes: RouteWatch): Boot => {
  const since = (host: string): number => (routes.seen(host, guest.address) ?? Number.NaN) - wallStart;
  return { answered, plugged, reply, ownRoute: since(guest.host), farRoute: since(pingerHost) };
};

type Watching = { readonly host: string; readonly prober: Prober };
type Booted = Pick<Boot, 'answered' | 'plugged' | 'reply'> & { readonly guest: GuestPort; readonly wallStart: number };

/** Figure 2: from sending the POST for a port to the first answer to a ping from an instance on another host. */
export const measureBoot = async (
  effort: Effort,
  { cloud, cleanup, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const names = Array.from({ length: effort.boots }, (_, index) => `bench-${index}`);
  progress(`port -> ping: a pinger on ${pingerHost}, ${names.length} guests without ports`);
  await makeGuests(names);
  await bootGuests(cloud, { [pinger]: pingerHost });
  await runProgram(['ip', 'netns', 'exec', instanceNamespace(pinger), 'sysctl', '-qw', 'net.ipv4.ping_group_range=0 0']);
  const prober = await startProber(instanceNamespace(pinger), cleanup);
  const routes = watchRoutes(hosts, cleanup);
  const booted: Booted[] = [];
  for (const [index, name] of names.entries()) {
    if (index % 10 === 0) progress(`port -> ping: boot ${index + 1} of ${names.length}`);
    booted.push(await bootOnce(cloud, name, { host: hosts[1 + (index % 2)] ?? hosts[1], prober }));
  }
  const boots = booted.map((boot) => withRoutes(boot, routes));
  const all = (part: keyof Boot): number[] => boots.map((boot) => boot[part]).filter((value) => !Number.isNaN(value));
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const row = (what: string, part: keyof Boot) => ({
    what,
    ours: `${ms(median(all(part)))}, p99 ${ms(percentile(all(part), 0.99))}`,
    peer: '',
    ratio: '',
    goal: part === 'reply' ? 'p50 < 60 ms, p99 < 150 ms' : '',
  });
  return {
    title: 'Port created -> first ping answered from another host',
    rows: [
      row('first ping answered', 'reply'),
      row('- of that: POST answered', 'answered'),
      row('- tap and guest plugged in (two `ip` processes)', 'plugged'),
      row("- route in its own host's kernel", 'ownRoute'),
      row("- route in the pinging host's kernel", 'farRoute'),
    ],
    notes: [
      `A lab of ${hosts.length} hosts and two top-of-rack routers; ${effort.crowd} ports plugged in before, ${effort.boots} boots one after another that stay; 201 groups; every port is in a group whose members are allowed to each other. Each line counts from sending the POST (median, p99).`,
      'The guest has its namespace already, and its address, route and link set by hand (no DHCP client in this figure). An instance on another host pings every 2 ms from before the POST. The lab keeps its store in /run: a flush to disk is not in it where that is memory.',
    ],
  };
};

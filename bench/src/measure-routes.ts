import { readFile, writeFile } from 'node:fs/promises';
import { execOut, hostNamespace, labPaths, runProgram, waitUntil } from '@manx/lab/bench-kit';
import { type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import { type Cleanup, openCleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import { type RouteWatch, watchRoutes } from './route-watch.js';
import { median, percentile } from './statistics.js';

type Work = { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress };

/** Milliseconds: from the request to the host's own route, and from there to another host's. */
type Samples = { readonly own: number[]; readonly across: number[] };

const [from, to] = hosts;
const goalMs = 200;
const settleMs = 180_000;

/** The outside's BIRD announces so many host routes of others beside its own, from now on. */
const announce = async (count: number): Promise<void> => {
  const file = `${labPaths.fabric}/out.conf`;
  const mark = '# others\n';
  const [own = ''] = (await readFile(file, 'utf8')).split(mark);
  const routes = Array.from({ length: count }, (_, n) => `route 20.${n >> 16}.${(n >> 8) & 255}.${n & 255}/32 blackhole;\n`).join('');
  await writeFile(file, `${own}${mark}protocol static others { ipv4;\n${routes}}\n`);
  await runProgram(['birdc', '-s', `${labPaths.fabric}/out.ctl`, 'configure']);
};

const learned = async (host: string): Promise<number> =>
  (await execOut(['ip', 'netns', 'exec', hostNamespace(host), 'ip', '-4', 'route', 'show', 'proto', 'bird']))
    .split('\n')
    .filter((line) => line.startsWith('20.')).length;

/** An address that the instance is given: when its host had the route, and when the other. */
const giveOne = async (
  { cloud, port, watch }: { readonly cloud: BenchCloud; readonly port: string; readonly watch: RouteWatch },
  address: string,
  samples: Samples,
): Promise<void> => {
  const asked = performance.timeOrigin + performance.now();
  await cloud.client.update('ports', 'port', { id: port, body: { allowed_address_pairs: [{ ip_address: address }] } });
  const whenSeen = (): readonly (number | null)[] => [from, to].map((host) => watch.seen(host, address));
  await waitUntil(`a route to ${address} on ${from} and ${to}`, () => Promise.resolve(!whenSeen().includes(null)), 30_000);
  const [here = 0, there = 0] = whenSeen().map(Number);
  samples.own.push(here - asked);
  samples.across.push(there - here);
};

/** How long a new route takes from one host's kernel to another's, over BIRD, two routers and BIRD, beside so many routes of others that all of them have. */
export const measureRoutes = async (effort: Effort, { cloud, progress }: Work): Promise<Figure> => {
  const [guest] = await bootGuests(cloud, { 'bench-routes': from });
  const port = (await cloud.client.list('ports', { name: guest?.name ?? '' }))[0]?.id ?? '';
  const rows: FigureRow[] = [];
  for (const count of effort.routes) {
    progress(`routes: ${count} of others`);
    await announce(count);
    await waitUntil(
      `${count} routes on every host`,
      async () => (await Promise.all(hosts.map(learned))).every((n) => n === count),
      settleMs,
    );
    const own = openCleanup();
    const watch = watchRoutes([from, to], own);
    const samples: Samples = { own: [], across: [] };
    // The first tells that the watchers listen; it counts for nothing.
    for (let at = 0; at <= effort.newRoutes; at += 1) {
      if (at % 10 === 0) progress(`routes: beside ${count}, ${at} of ${effort.newRoutes}`);
      await giveOne({ cloud, port, watch }, `10.80.${200 + effort.routes.indexOf(count)}.${1 + at}`, samples);
    }
    await own.run();
    rows.push(...rowsOf(count, { own: samples.own.slice(1), across: samples.across.slice(1) }));
  }
  await announce(0);
  return {
    title: 'Route latency',
    rows,
    notes: [
      `An instance of one host is given ${effort.newRoutes} addresses by the API, one after another, each a route that replaces the one before. Times are those of the kernels' own messages. The routes of others come from the outside; every host and router has all of them, by two ways each. BIRD looks at the kernel's whole table every 2 s besides, and passes nothing on meanwhile.`,
    ],
  };
};

const rowsOf = (count: number, { own, across }: Samples): readonly FigureRow[] => {
  const spread = (samples: readonly number[]): string =>
    `${median(samples).toFixed(1)} ms, p99 ${percentile(samples, 0.99).toFixed(1)} ms, longest ${Math.max(...samples).toFixed(1)} ms`;
  const blank = { peer: '', ratio: '' };
  return [
    {
      ...blank,
      what: `a new route, beside ${count.toLocaleString('en')} of others: its host's kernel -> another host's`,
      ours: spread(across),
      goal: `p99 under ${goalMs} ms`,
      isMet: percentile(across, 0.99) < goalMs,
    },
    { ...blank, what: "- the request -> its host's kernel", ours: spread(own), goal: '' },
  ];
};

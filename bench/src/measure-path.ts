import { instanceNamespace } from '@manx/lab/bench-kit';
import { makeBareHosts, type Path } from './bare-hosts.js';
import { type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import type { GuestPort } from './guest.js';
import { median } from './statistics.js';
import { measureTraffic, startReceiver, type Throughput } from './traffic.js';

const cases = ['bare, one host', 'manx, one host', 'bare, two hosts', 'manx, two hosts'] as const;
type Case = (typeof cases)[number];

const pathTo = (from: GuestPort, to: GuestPort): Path => ({
  from: instanceNamespace(from.name),
  to: instanceNamespace(to.name),
  address: to.address,
});

const makePaths = async (cloud: BenchCloud, cleanup: Cleanup): Promise<Readonly<Record<Case, Path>>> => {
  const bare = await makeBareHosts(cleanup);
  const [sender, near, far] = await bootGuests(cloud, { 'bench-send': hosts[0], 'bench-near': hosts[0], 'bench-far': hosts[1] });
  if (sender === undefined || near === undefined || far === undefined) throw new Error('three guests were asked for');
  return {
    'bare, one host': bare.near,
    'manx, one host': pathTo(sender, near),
    'bare, two hosts': bare.far,
    'manx, two hosts': pathTo(sender, far),
  };
};

const signed = (micros: number): string => `${micros < 0 ? '' : '+'}${micros.toFixed(0)} µs`;

const rowsOf = (seen: Readonly<Record<Case, readonly Throughput[]>>): readonly FigureRow[] =>
  (['one host', 'two hosts'] as const).flatMap((where) => {
    const middle = (who: 'bare' | 'manx', part: keyof Throughput): number => median(seen[`${who}, ${where}`].map((one) => one[part]));
    const share = (part: keyof Throughput): string => `${((100 * middle('manx', part)) / middle('bare', part)).toFixed(1)} %`;
    const row = (what: string, goal: string, [part, print]: readonly [keyof Throughput, (value: number) => string]): FigureRow => ({
      what: `${what}, ${where}`,
      ours: print(middle('manx', part)),
      peer: print(middle('bare', part)),
      ratio: part === 'pingUs' ? signed(middle('manx', part) - middle('bare', part)) : share(part),
      goal,
    });
    return [
      row('TCP, one stream', '>= 97 %', ['tcpGbps', (value) => `${value.toFixed(2)} Gb/s`]),
      row('UDP, 64-byte frames', '', ['udpPps', (value) => `${(value / 1000).toFixed(0)} kpps`]),
      row('ping', '<= +5 µs', ['pingUs', (value) => `${value.toFixed(0)} µs`]),
    ];
  });

/** Figure 3: what goes through hosts with policies, beside bare routers without a rule, taking turns. */
export const measurePath = async (
  effort: Effort,
  { cloud, cleanup, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const paths = await makePaths(cloud, cleanup);
  for (const path of new Map(Object.values(paths).map((path) => [path.to, path])).values()) await startReceiver(path, cleanup);
  const seen: Record<Case, Throughput[]> = { 'bare, one host': [], 'manx, one host': [], 'bare, two hosts': [], 'manx, two hosts': [] };
  for (let round = 1; round <= effort.pathRounds; round += 1) {
    for (const name of cases) {
      progress(`data path: round ${round} of ${effort.pathRounds}, ${name}`);
      seen[name].push(await measureTraffic(paths[name], effort.pathSeconds));
    }
  }
  return {
    title: 'Data path',
    rows: rowsOf(seen),
    notes: [
      `Medians of ${effort.pathRounds} rounds of ${effort.pathSeconds} s each, taking turns. iperf3, one TCP stream; UDP with 18-byte payload, packets received; ping every 2 ms, median round trip.`,
      'Peer: bare routers, namespaces without a rule and without connection tracking: one between the guests for one host, three (host, top-of-rack router, host) for two. Manx: stateful groups at the sender and at the receiver, on hosts with the ports and groups of the figure above.',
    ],
  };
};

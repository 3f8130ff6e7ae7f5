import { instanceNamespace } from '@manx/lab/bench-kit';
import { makeBareHosts, type Path } from './bare-hosts.js';
import { addCrowd, type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import type { GuestPort } from './guest.js';
import { median } from './statistics.js';
import { measureTraffic, startReceiver, type Throughput } from './traffic.js';

const places = ['one host', 'two hosts'] as const;
type Case = `${'bare' | 'manx'}, ${(typeof places)[number]}`;
const cases = places.flatMap((place): readonly Case[] => [`bare, ${place}`, `manx, ${place}`]);
type Seen = Readonly<Record<Case, readonly Throughput[]>>;

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

const rowsOf = (endpoints: number, seen: Seen): readonly FigureRow[] =>
  places.flatMap((where) => {
    const middle = (who: 'bare' | 'manx', part: keyof Throughput): number => median(seen[`${who}, ${where}`].map((one) => one[part]));
    const share = (part: keyof Throughput): number => (100 * middle('manx', part)) / middle('bare', part);
    const added = middle('manx', 'pingUs') - middle('bare', 'pingUs');
    const name = (what: string): string => `${endpoints.toLocaleString('en')} endpoints, ${where}: ${what}`;
    const both = (part: keyof Throughput, print: (value: number) => string) => ({
      ours: print(middle('manx', part)),
      peer: print(middle('bare', part)),
    });
    return [
      {
        what: name('TCP, one stream'),
        ...both('tcpGbps', (value) => `${value.toFixed(2)} Gb/s`),
        ratio: `${share('tcpGbps').toFixed(1)} %`,
        goal: '>= 97 %',
        isMet: share('tcpGbps') >= 97,
      },
      {
        what: name('UDP, 64-byte frames'),
        ...both('udpPps', (value) => `${(value / 1000).toFixed(0)} kpps`),
        ratio: `${share('udpPps').toFixed(1)} %`,
        goal: '',
      },
      {
        what: name('ping'),
        ...both('pingUs', (value) => `${value.toFixed(0)} µs`),
        ratio: signed(added),
        goal: '<= +5 µs',
        isMet: added <= 5,
      },
    ];
  });

/** What goes through hosts with policies, beside bare routers without a rule, taking turns; with more and more endpoints on the sender's host. */
export const measurePath = async (
  effort: Effort,
  { cloud, cleanup, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const paths = await makePaths(cloud, cleanup);
  for (const path of new Map(Object.values(paths).map((path) => [path.to, path])).values()) await startReceiver(path, cleanup);
  const rows: FigureRow[] = [];
  for (const size of effort.pathSizes) {
    const there = (await cloud.client.list('ports', { 'binding:host_id': hosts[0] })).length;
    progress(`data path: ${size} endpoints on ${hosts[0]}`);
    if (size > there) await addCrowd(cloud, { count: size - there, on: [hosts[0]] });
    const seen: Record<Case, Throughput[]> = { 'bare, one host': [], 'manx, one host': [], 'bare, two hosts': [], 'manx, two hosts': [] };
    for (let round = 1; round <= effort.pathRounds; round += 1) {
      progress(`data path: ${size} endpoints, round ${round} of ${effort.pathRounds}`);
      // Who goes first in a round takes turns too: a machine gets warm.
      for (const name of round % 2 === 0 ? cases : cases.toReversed())
        seen[name].push(await measureTraffic(paths[name], effort.pathSeconds));
    }
    rows.push(...rowsOf(size, seen));
  }
  return {
    title: 'Data path',
    rows,
    notes: [
      `Medians of ${effort.pathRounds} rounds of ${effort.pathSeconds} s each, taking turns. iperf3, one TCP stream; UDP with 18-byte payload, packets received; ping every 2 ms, median round trip.`,
      'Peer: bare routers, namespaces without a rule and without connection tracking: one between the guests for one host, three (host, top-of-rack router, host) for two. Manx: stateful groups at the sender and at the receiver; the endpoints of the sender’s host are dealt to 200 groups of 10 rules.',
    ],
  };
};

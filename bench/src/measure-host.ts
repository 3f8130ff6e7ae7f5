import { execOut, hostNamespace, instanceNamespace, processControl, programPid, runProgram } from '@manx/lab/bench-kit';
import { addCrowd, type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import type { GuestPort } from './guest.js';
import { monotonicMs } from './prober.js';
import { cpuSeconds, residentMiB } from './process-figures.js';
import { watchRoutes } from './route-watch.js';
import { median } from './statistics.js';
import { startUdpStream, type UdpStream } from './udp-stream.js';

type Work = { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress };
/** A host under test, a flow to an instance there, and one that its group does not allow. */
type Under = {
  readonly host: string;
  readonly guest: GuestPort;
  readonly allowed: UdpStream;
  readonly refused: UdpStream;
  readonly tap: string;
};

/** What a stranger does to a host. */
type Disturbance = { readonly what: string; readonly argv: (under: Under) => readonly string[] };

const disturbances: readonly Disturbance[] = [
  { what: '`nft flush ruleset`', argv: () => ['nft', 'flush', 'ruleset'] },
  { what: "an instance's route deleted", argv: ({ guest }) => ['ip', 'route', 'delete', guest.address] },
  { what: "an instance's neighbour entry deleted", argv: ({ guest, tap }) => ['ip', 'neigh', 'delete', guest.address, 'dev', tap] },
  { what: '`ip_forward` turned off', argv: () => ['sysctl', '-qw', 'net.ipv4.ip_forward=0'] },
  { what: 'the tap set down and up', argv: ({ tap }) => ['sh', '-c', `ip link set ${tap} down && ip link set ${tap} up`] },
];

/** Where flows are heard that the common group allows, and where they are not. */
const [allowedPort, refusedPort] = [5201, 5999];

const on = (host: string, argv: readonly string[]): readonly string[] => ['ip', 'netns', 'exec', hostNamespace(host), ...argv];

const prepare = async ({ cloud, cleanup }: Work): Promise<Under> => {
  const host = hosts[2];
  const [sender, guest] = await bootGuests(cloud, { 'bench-host-a': hosts[0], 'bench-host-b': host });
  if (sender === undefined || guest === undefined) throw new Error('two guests were asked for');
  const flow = async (port: number): Promise<UdpStream> =>
    await startUdpStream(
      { from: instanceNamespace(sender.name), to: instanceNamespace(guest.name), address: guest.address, port, everyMs: 1 },
      cleanup,
    );
  const [port] = await cloud.client.list('ports', { name: guest.name });
  return { host, guest, allowed: await flow(allowedPort), refused: await flow(refusedPort), tap: `tap${port?.id.slice(0, 11)}` };
};

const passing = async ({ allowed }: Under): Promise<void> => void (await allowed.firstAfter(monotonicMs()));

/** A disturbance, and how long the allowed flow was away: its longest gap from then until it has run for a second again. */
const disturb = async (under: Under, { argv }: Disturbance): Promise<number> => {
  await passing(under);
  const from = monotonicMs();
  await runProgram(on(under.host, argv(under)));
  const until = from + 1500;
  await new Promise((resolve) => setTimeout(resolve, until - monotonicMs()));
  await passing(under);
  return (await under.allowed.since(from)).longestGap;
};

const driftRows = async (effort: Effort, under: Under, { progress }: Work): Promise<readonly FigureRow[]> => {
  const rows: FigureRow[] = [];
  for (const disturbance of disturbances) {
    progress(`drift: ${disturbance.what}`);
    const gaps: number[] = [];
    for (let at = 0; at < effort.drifts; at += 1) gaps.push(await disturb(under, disturbance));
    const worst = Math.max(...gaps);
    rows.push({
      what: `${disturbance.what}: longest time without a packet`,
      ours: `${median(gaps).toFixed(0)} ms, at most ${worst.toFixed(0)} ms`,
      peer: '',
      ratio: '',
      goal: 'under 1 s',
      isMet: worst < 1000,
    });
  }
  return rows;
};

/** An agent is killed and a route deleted; how long after its start is the route back? Nothing else is missing: all is adopted. */
const coldStart = async (effort: Effort, under: Under, { cloud, cleanup, progress }: Work): Promise<readonly FigureRow[]> => {
  progress(`cold start: ${effort.adopted} ports on ${under.host}`);
  const addresses = await addCrowd(cloud, { count: effort.adopted, on: [under.host] });
  const victim = addresses.at(-1) ?? '';
  const from = monotonicMs();
  await passing(under);
  await processControl.killAgent(under.host);
  await runProgram(on(under.host, ['ip', 'route', 'delete', victim]));
  const routes = watchRoutes([under.host], cleanup);
  await execOut(on(under.host, ['ip', 'route', 'show', victim]));
  const started = performance.timeOrigin + performance.now();
  await processControl.startAgent(under.host);
  const isBack = async (): Promise<boolean> => routes.seen(under.host, victim) !== null;
  while (!(await isBack())) await new Promise((resolve) => setTimeout(resolve, 5));
  const took = (routes.seen(under.host, victim) ?? Number.NaN) - started;
  const { longestGap } = await under.allowed.since(from);
  return [
    {
      what: `agent started with ${effort.adopted} running ports: until it has repaired what was missing`,
      ours: `${(took / 1000).toFixed(2)} s`,
      peer: '',
      ratio: '',
      goal: 'under 2 s',
      isMet: took < 2000,
    },
    {
      what: '- longest time without a packet of 1,000 a second meanwhile',
      ours: `${longestGap.toFixed(0)} ms`,
      peer: '',
      ratio: '',
      goal: '0 lost',
      isMet: longestGap < 50,
    },
  ];
};

const IDLE_SECONDS = 10;
/** What the ports that were made just before left to do (leases, announcements, the copy of the state) is not idling. */
const SETTLE_SECONDS = 10;

const sizeRow = async ({ cloud }: Work): Promise<readonly FigureRow[]> => {
  const [host] = hosts;
  const pid = programPid(`agent-${host}`, hostNamespace(host));
  if (pid === null) throw new Error(`the agent of ${host} does not run`);
  const missing = 200 - (await cloud.client.list('ports', { 'binding:host_id': host })).length;
  if (missing > 0) await addCrowd(cloud, { count: missing, on: [host] });
  await new Promise((resolve) => setTimeout(resolve, 1000 * SETTLE_SECONDS));
  const before = await cpuSeconds(pid);
  await new Promise((resolve) => setTimeout(resolve, 1000 * IDLE_SECONDS));
  const share = (100 * ((await cpuSeconds(pid)) - before)) / IDLE_SECONDS;
  const { now } = await residentMiB(pid);
  return [
    {
      what: 'memory of an agent with 200 local ports',
      ours: `${now.toFixed(0)} MiB`,
      peer: '',
      ratio: '',
      goal: 'under 120 MB',
      isMet: now * 1.048576 < 120,
    },
    { what: '- its processor time while nothing happens', ours: `${share.toFixed(1)} % of a core`, peer: '', ratio: '', goal: '' },
  ];
};

/** What a host bears: disturbances, a cold start in front of many ports; and what its agent takes. */
export const measureHost = async (effort: Effort, work: Work): Promise<Figure> => {
  const under = await prepare(work);
  const began = monotonicMs();
  await passing(under);
  const size = await sizeRow(work);
  const drift = await driftRows(effort, under, work);
  const cold = await coldStart(effort, under, work);
  const { count: leaked } = await under.refused.since(began);
  await under.allowed.stop();
  await under.refused.stop();
  return {
    title: 'Host',
    rows: [
      ...drift,
      {
        what: 'packets of a flow that is not allowed, all the while',
        ours: `${leaked} passed`,
        peer: '',
        ratio: '',
        goal: '0',
        isMet: leaked === 0,
      },
      ...cold,
      ...size,
    ],
    notes: [
      `Two flows of 1,000 datagrams a second from an instance of another host, one that its group allows and one that it does not; each disturbance ${effort.drifts} times. The goal of drift counts from the disturbance until the flow runs again; 1 ms is the pace of the flow.`,
      'Cold start: the agent is killed with -9 and a route of one port deleted; the time is from starting the process until the route is back, Node and all.',
    ],
  };
};

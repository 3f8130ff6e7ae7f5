import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import {
  asMac,
  hostNamespace,
  hostSideMac,
  instanceNamespace,
  labPaths,
  novaMetadataPort,
  openConnecting,
  runProgram,
} from '@manx/lab/bench-kit';
import { addCrowd, type BenchCloud, crowdGuest, crowdWire, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import { HttpConnection } from './http-connection.js';
import { median, percentile } from './statistics.js';

/** One who asks: how its connection begins, and what it says beside the path. */
type Asker = { readonly connect: () => number; readonly headers: string };

/** What a series of questions gave: how long each took, in milliseconds, and answers a second of the whole. */
type Answers = { readonly times: readonly number[]; readonly pace: number };

const [host] = hosts;
const metadataAddress = [169, 254, 169, 254];
/** Of the lab's management network. */
const novaAddress = [198, 19, 0, 1];
const path = '/openstack/latest/meta_data.json';
const timeoutMs = 30_000;
/** From one question of an instance to its next, in the steady series. */
const everyMs = 4_000;

/** Asks once, over a connection of its own as cloud-init does, and has the milliseconds from its first packet until the answer was read. */
const ask = async ({ connect, headers }: Asker): Promise<number> => {
  const from = performance.now();
  const connection = new HttpConnection(new URL('http://169.254.169.254:80'), timeoutMs, new Socket({ fd: connect() }));
  try {
    const { status, text } = await connection.send('GET', path, null, headers);
    if (status !== 200) throw new Error(`an instance was answered ${status}: ${text()}`);
    return performance.now() - from;
  } finally {
    connection.close();
  }
};

/** All ask in the same instant. */
const askAtOnce = async (askers: readonly Asker[]): Promise<Answers> => {
  const from = performance.now();
  const times = await Promise.all(askers.map(ask));
  return { times, pace: (1000 * times.length) / (performance.now() - from) };
};

/** Each asks once in four seconds, evenly dealt out, whether or not others were answered. */
const askSteadily = async (askers: readonly Asker[], seconds: number): Promise<Answers> => {
  const from = performance.now();
  const asked: Promise<number>[] = [];
  const count = (1000 * askers.length * seconds) / everyMs;
  while (asked.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - from) * askers.length) / everyMs));
    for (; asked.length < due; ) asked.push(ask(askers[asked.length % askers.length] as Asker));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const times = await Promise.all(asked);
  return { times, pace: (1000 * times.length) / (performance.now() - from) };
};

/** Gives each instance of the crowd its addresses, and its host's hardware address, so that the kernel's table of neighbours is not what is measured. */
const openInstances = async ({ client }: BenchCloud): Promise<readonly Asker[]> => {
  const ports = await client.list('ports', { 'binding:host_id': host });
  const lines = ports.flatMap((port) => {
    const wire = crowdWire(port.id);
    const [{ ip_address }] = port['fixed_ips'] as [{ readonly ip_address: string }];
    const mac = asMac(String(port['mac_address']));
    return [
      `link set ${wire} address ${mac}`,
      `addr add ${ip_address}/32 dev ${wire}`,
      `neigh replace ${metadataAddress.join('.')} lladdr ${hostSideMac(mac)} dev ${wire} nud permanent`,
    ];
  });
  await runProgram(['ip', '-n', instanceNamespace(crowdGuest), '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  const to = { address: metadataAddress, port: 80 };
  return ports.map(({ id }) => ({
    connect: () => openConnecting(instanceNamespace(crowdGuest), to, crowdWire(id)),
    headers: '',
  }));
};

/** The same questions as the host asks them of the service behind it, signed for as many instances. */
const openPeer = async (count: number): Promise<readonly Asker[]> => {
  const secret = (await readFile(labPaths.metadataSecret, 'utf8')).trim();
  const to = { address: novaAddress, port: novaMetadataPort };
  return Array.from({ length: count }, (_, at) => {
    const signature = createHmac('sha256', secret).update(`peer-${at}`).digest('hex');
    return {
      connect: () => openConnecting(hostNamespace(host), to),
      headers: `x-instance-id: peer-${at}\r\nx-tenant-id: peer\r\nx-instance-id-signature: ${signature}\r\nx-forwarded-for: 10.80.0.2\r\n`,
    };
  });
};

const rowsOf = (what: string, ours: Answers, peer: Answers): readonly FigureRow[] => [
  {
    what,
    ...shown(ours, peer, ({ times }) => median(times)),
    goal: '',
  },
  {
    what: '- 99 of 100',
    ...shown(ours, peer, ({ times }) => percentile(times, 0.99)),
    goal: '',
  },
];

const shown = (ours: Answers, peer: Answers, valueOf: (answers: Answers) => number) => {
  const [own, direct] = [valueOf(ours), valueOf(peer)];
  return {
    ours: `${own.toFixed(1)} ms`,
    peer: `${direct.toFixed(1)} ms`,
    ratio: `${own < direct ? '' : '+'}${(own - direct).toFixed(1)} ms`,
  };
};

/** Several series as one: all times, and the middle of the paces. */
const together = (series: readonly Answers[]): Answers => ({
  times: series.flatMap(({ times }) => times),
  pace: median(series.map(({ pace }) => pace)),
});

/** Metadata for many instances of one host: how long an answer takes when all ask at once, and when each asks now and then. */
export const measureMetadata = async (
  effort: Effort,
  { cloud, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  progress(`metadata: ${effort.askers} ports on ${host}`);
  await addCrowd(cloud, { count: effort.askers, on: [host] });
  const [instances, peers] = [await openInstances(cloud), await openPeer(effort.askers)];
  const count = instances.length.toLocaleString('en');
  progress('metadata: once, not counted');
  await askAtOnce(instances);
  await askAtOnce(peers);
  const [atOnce, atOncePeer]: [Answers[], Answers[]] = [[], []];
  for (let round = 1; round <= effort.askingRounds; round += 1) {
    progress(`metadata: all at once, round ${round}`);
    atOnce.push(await askAtOnce(instances));
    atOncePeer.push(await askAtOnce(peers));
  }
  const [steadily, steadilyPeer]: [Answers[], Answers[]] = [[], []];
  for (let round = 1; round <= effort.askingRounds; round += 1) {
    progress(`metadata: each once in four seconds, round ${round}`);
    steadily.push(await askSteadily(instances, effort.pathSeconds));
    steadilyPeer.push(await askSteadily(peers, effort.pathSeconds));
  }
  const [ours, direct] = [together(atOnce), together(atOncePeer)];
  return {
    title: 'Metadata',
    rows: [
      ...rowsOf(`${count} instances of one host ask in the same instant: an answer`, ours, direct),
      {
        what: '- answers',
        ours: `${ours.pace.toFixed(0)}/s`,
        peer: `${direct.pace.toFixed(0)}/s`,
        ratio: `${((100 * ours.pace) / direct.pace).toFixed(0)} %`,
        goal: '',
      },
      ...rowsOf('each of them asks once in four seconds: an answer', together(steadily), together(steadilyPeer)),
    ],
    notes: [
      `Each question is \`GET ${path}\` of 169.254.169.254 over a TCP connection of its own, from its instance’s own tap and address; from the first packet until the answer is read. In the same instant ${effort.askingRounds} times, after once that is not counted; steadily ${effort.askingRounds} times for ${effort.pathSeconds} s; by turns with the peer. All wires end in one namespace and one process, which shares the machine with the agent and the service behind it.`,
      'Peer: that service, the lab’s stand-in for Nova’s, which checks the signature of each question, asked directly from the host as its agent does. Neutron’s metadata agent is not on the machine.',
    ],
  };
};

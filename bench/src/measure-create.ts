import { LabError } from '@manx/lab/bench-kit';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import { type LoadClient, openLoadClient, sendLoad } from './load-client.js';
import { startManxServer } from './manx-server.js';
import { startNeutron } from './peer-neutron.js';
import { median, percentile } from './statistics.js';

/** A server under load: its client, what one create is, and what has been seen. */
type Contestant = {
  readonly name: string;
  readonly create: () => Promise<unknown>;
  readonly counts: readonly [number, number];
  readonly alone: number[];
  readonly crowded: number[];
  readonly perSecond: number[];
};

const project = 'bench';

/** One network with a /16, and the same POST for every port of it. */
const prepare = async (client: LoadClient): Promise<() => Promise<unknown>> => {
  const made = await client.post('/v2.0/networks', { network: { name: 'bench', tenant_id: project } });
  const { id: network_id } = (JSON.parse(made) as { readonly network: { readonly id: string } }).network;
  await client.post('/v2.0/subnets', { subnet: { network_id, tenant_id: project, ip_version: 4, cidr: '10.77.0.0/16' } });
  const body = { port: { network_id, tenant_id: project } };
  return async () => await client.post('/v2.0/ports', body);
};

const enter = async (name: string, url: string, counts: readonly [number, number]): Promise<Contestant> => {
  const create = await prepare(openLoadClient(url));
  // The first ones pay for the default group, for caches and for compiling.
  await sendLoad({ clients: 1, count: Math.min(50, Math.ceil(counts[0] / 4)) }, create);
  return { name, create, counts, alone: [], crowded: [], perSecond: [] };
};

const measureRound = async ({ create, counts, alone, crowded, perSecond }: Contestant): Promise<void> => {
  alone.push(...(await sendLoad({ clients: 1, count: counts[0] }, create)).millis);
  const load = await sendLoad({ clients: 16, count: counts[1] }, create);
  crowded.push(...load.millis);
  perSecond.push(load.perSecond);
};

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

const rowsOf = (ours: Contestant, peer: Contestant | null): readonly FigureRow[] => {
  const row = (what: string, goal: string, value: (of: Contestant) => number, isRate = false): FigureRow => {
    const print = (number: number): string => (isRate ? `${number.toFixed(number < 100 ? 1 : 0)}/s` : ms(number));
    if (peer === null) return { what, ours: print(value(ours)), peer: '', ratio: '', goal };
    const [mine, theirs] = [value(ours), value(peer)];
    return { what, ours: print(mine), peer: print(theirs), ratio: `${(isRate ? mine / theirs : theirs / mine).toFixed(0)}x`, goal };
  };
  return [
    row('create port, 1 client, median', '100x', ({ alone }) => median(alone)),
    row('create port, 1 client, p99', 'under 10 ms', ({ alone }) => percentile(alone, 0.99)),
    row('create port, 16 clients', '150x', ({ perSecond }) => median(perSecond), true),
    row('create port, 16 clients, median', '', ({ crowded }) => median(crowded)),
    row('create port, 16 clients, p99', '', ({ crowded }) => percentile(crowded, 0.99)),
  ];
};

/** Figure 1: creating ports, one client and 16, beside Debian's Neutron in the same run. */
export const measureCreate = async (
  effort: Effort,
  { cleanup, progress }: { readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const { ours: ourCounts, peer: peerCounts } = effort.creates;
  let versions = '';
  let missing = '';
  const enterPeer = async (): Promise<Contestant | null> => {
    try {
      const neutron = await startNeutron(cleanup, progress);
      versions = neutron.versions;
      return await enter('neutron', neutron.url, peerCounts);
    } catch (error) {
      // Ours is worth measuring alone; the results then say why there is nothing beside it.
      if (!(error instanceof LabError)) throw error;
      missing = error.message;
      progress(`the peer does not run: ${missing}`);
      return null;
    }
  };
  const peer = await enterPeer();
  const ours = await enter('manx', await startManxServer(cleanup), ourCounts);
  for (let round = 1; round <= effort.createRounds; round += 1) {
    for (const contestant of peer === null ? [ours] : [ours, peer]) {
      progress(`create port: round ${round} of ${effort.createRounds}, ${contestant.name}`);
      await measureRound(contestant);
    }
  }
  const count = ({ alone, crowded }: Contestant): string => `${alone.length} with one client, ${crowded.length} with 16`;
  return {
    title: 'Create port',
    rows: rowsOf(ours, peer),
    notes: [
      `One Node HTTP client (keep-alive), the same \`POST /v2.0/ports\` on one /16 network, taking turns round by round. Manx: SQLite, durable at the answer, ${count(ours)}.`,
      peer === null
        ? `The peer did not run: ${missing}`
        : `Peer: Debian's ${versions}; ML2, one API worker, no service plugins, \`transport_url = fake://\`, \`auth_strategy = noauth\`, \`dhcp_agent_notification = false\` (it has no agents to tell), default policies, no quotas, MariaDB with its default durability; ${count(peer)}.`,
    ],
  };
};

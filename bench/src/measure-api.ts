import { LabError } from '@manx/lab/bench-kit';
import { measureBulk, measureCrowd, measureList, measurePick, measureSingles } from './api-rounds.js';
import { apiRows } from './api-rows.js';
import type { Cleanup } from './cleanup.js';
import { type Contestant, countPorts, enter, project } from './contestant.js';
import type { ApiCounts, Effort, Figure, Progress } from './figure.js';
import type { LoadClient } from './load-client.js';
import { makeManxFolder, startManxServer } from './manx-server.js';
import { makePeerFill, sqlOver } from './peer-crowd.js';
import { startNeutron } from './peer-neutron.js';

type Work = { readonly cleanup: Cleanup; readonly progress: Progress };

/** Ports of ours are made by the API, 500 in a request. */
const makeOwnFill = async (client: LoadClient): Promise<Contestant['fill']> => {
  await liftQuotas(client);
  const { network } = JSON.parse(await client.send('POST', '/v2.0/networks', { network: { name: 'crowd', tenant_id: project } })) as {
    readonly network: { readonly id: string };
  };
  await client.send('POST', '/v2.0/subnets', {
    subnet: { network_id: network.id, tenant_id: project, ip_version: 4, cidr: '10.128.0.0/16' },
  });
  let filled = 0;
  return async (count) => {
    for (let missing = count - (await countPorts({ client })); missing > 0; missing -= 500) {
      const ports = Array.from({ length: Math.min(500, missing) }, () => {
        filled += 1;
        return { network_id: network.id, tenant_id: project, device_id: `device-${filled}` };
      });
      await client.send('POST', '/v2.0/ports', { ports });
    }
  };
};

/** No limit on what the bench makes; the peer has none in its settings. */
export const liftQuotas = async (client: LoadClient): Promise<void> => {
  const quota = { network: -1, subnet: -1, port: -1, security_group: -1, security_group_rule: -1 };
  await client.send('PUT', `/v2.0/quotas/${project}`, { quota });
};

const enterPeer = async (
  counts: ApiCounts,
  { cleanup, progress }: Work,
): Promise<{ readonly peer: Contestant; readonly versions: string }> => {
  const { url, versions, socket } = await startNeutron(cleanup, progress);
  const peer = await enter({ name: 'neutron', url, counts }, (client) => makePeerFill(client, sqlOver(socket, 'neutron')));
  return { peer, versions };
};

/** Ours and the peer take turns; a peer that fails at something is out from there on, and the results say why. */
const takeTurns = async (effort: Effort, contestants: readonly Contestant[], progress: Progress): Promise<string> => {
  let words = '';
  const each = async (what: string, measure: (contestant: Contestant) => Promise<unknown>): Promise<void> => {
    for (const contestant of contestants) {
      const isPeer = contestant.name !== 'manx';
      if (isPeer && words !== '') continue;
      progress(`API: ${what}, ${contestant.name}`);
      try {
        await measure(contestant);
      } catch (error) {
        if (!(isPeer && error instanceof LabError)) throw error;
        words = `${what}: ${error.message}`;
        progress(`the peer is out: ${words}`);
      }
    }
  };
  const rounds = Array.from({ length: effort.apiRounds }, (_, index) => `round ${index + 1} of ${effort.apiRounds}`);
  for (const round of rounds) {
    await each(`16 clients, ${round}`, measureCrowd);
    await each(`bulks, ${round}`, measureBulk);
  }
  const [first, second, third] = effort.listSizes;
  await each(`${first} ports`, ({ fill }) => fill(first));
  for (const round of rounds) {
    await each(`one client, ${round}`, measureSingles);
    await each(`lists of ${first}, ${round}`, (contestant) => measureList(contestant, first));
  }
  await each(`${second} ports`, ({ fill }) => fill(second));
  for (const round of rounds) {
    await each(`lists of ${second}, ${round}`, (contestant) => measureList(contestant, second));
    await each(`a few of ${second}, ${round}`, measurePick);
  }
  await each(`${third} ports`, ({ fill }) => fill(third));
  for (const round of rounds) await each(`lists of ${third}, ${round}`, (contestant) => measureList(contestant, third));
  return words;
};

/** The API, one client and 16, beside Debian's Neutron in the same run. */
export const measureApi = async (effort: Effort, { cleanup, progress }: Work): Promise<Figure> => {
  let entered: Awaited<ReturnType<typeof enterPeer>> | null = null;
  let missing = '';
  try {
    entered = await enterPeer(effort.api.peer, { cleanup, progress });
  } catch (error) {
    // Ours is worth measuring alone; the results then say why there is nothing beside it.
    if (!(error instanceof LabError)) throw error;
    missing = `The peer did not run: ${error.message}`;
    progress(missing);
  }
  const server = await startManxServer(await makeManxFolder(cleanup), cleanup);
  const ours = await enter({ name: 'manx', url: server.url, counts: effort.api.ours }, makeOwnFill);
  const out = await takeTurns(effort, entered === null ? [ours] : [ours, entered.peer], progress);
  return {
    title: 'API',
    rows: apiRows(ours.seen, entered?.peer.seen ?? null, effort.listSizes),
    notes: [
      'One client program (kept-open connections, one request at a time each), the same requests, taking turns round by round; every answer is read to its end. 16 clients make ports on 16 networks. Manx: SQLite, durable at the answer.',
      `Repeated ${effort.apiRounds} times: manx ${told(effort.api.ours)}; peer ${told(effort.api.peer)}.`,
      ...(entered === null ? [missing] : [peerNote(entered.versions)]),
      ...(out === '' ? [] : [`The peer was out from here on: ${out}`]),
    ],
  };
};

const told = ({ singles, crowdCreates, crowdShows, bulks, ruleBulks, ruleSeries, lists, longLists }: ApiCounts): string =>
  `${singles} ports one by one, ${crowdCreates} creates and ${crowdShows} shows with 16 clients, ${bulks} bulks of ports, ${ruleBulks} of rules, ${ruleSeries} series of rules, ${lists} lists (${longLists} of 10,000), ${3 * lists} of a few`;

const peerNote = (versions: string): string =>
  `Peer: Debian's ${versions}; ML2, one API worker, no service plugins, \`transport_url = fake://\`, \`auth_strategy = noauth\`, \`dhcp_agent_notification = false\` (it has no agents to tell), default policies, no quotas, MariaDB with its default durability. The ports that it lists are written straight into its tables.`;

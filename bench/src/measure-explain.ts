import { startAgents } from './agents-process.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import { makeLargeCloud } from './large-cloud.js';
import { openLoadClient, sendLoad } from './load-client.js';
import { agentSecret, makeManxFolder, startManxServer } from './manx-server.js';
import { liftQuotas } from './measure-api.js';
import { median, percentile } from './statistics.js';

type Shown = { readonly port: { readonly fixed_ips: readonly { readonly ip_address: string }[] } };

const QUESTIONS = 200;
const MATRICES = 10;
const MATRIX_PORTS = 1000;

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
const thousands = (count: number): string => count.toLocaleString('en');
const row = (what: string, millis: readonly number[], goal = Number.NaN): FigureRow => ({
  what,
  ours: millis.length < 3 ? ms(median(millis)) : `${ms(median(millis))}, p99 ${ms(percentile(millis, 0.99))}`,
  peer: '',
  ratio: '',
  goal: Number.isNaN(goal) ? '' : `median under ${goal} ms`,
  ...(Number.isNaN(goal) ? {} : { isMet: median(millis) < goal }),
});

/** Questions about who reaches whom, in a large cloud: one flow, and the matrix of a thousand instances. */
export const measureExplain = async (
  { size }: Effort,
  { cleanup, progress }: { readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<readonly Figure[]> => {
  const { steps, groups, hosts } = size;
  const ports = steps.at(-1) ?? 0;
  const server = await startManxServer(await makeManxFolder(cleanup), cleanup);
  const client = openLoadClient(server.url);
  await liftQuotas(client);
  const agents = await startAgents({ url: server.feedUrl, secret: agentSecret, hosts }, cleanup);
  await agents.settled(0);
  progress(`explain: ${thousands(ports)} ports on ${thousands(hosts)} hosts`);
  const cloud = await makeLargeCloud(client, { ports, groups, hosts });
  await cloud.grow(ports);
  await agents.settled(ports);
  const ask = async (count: number, end: (which: number) => string): Promise<readonly number[]> =>
    (
      await sendLoad({ clients: 1, count }, async (which) => {
        const connectivity = { source: end(2 * which), destination: end(2 * which + 1), protocol: 'tcp', port: 443 };
        await client.send('POST', '/v2.0/connectivity/explain', { connectivity });
      })
    ).millis;
  const first = await ask(1, (which) => cloud.portAt(7919 * which));
  const byId = await ask(QUESTIONS, (which) => cloud.portAt(7919 * which));
  const addresses: string[] = [];
  for (let which = 0; which < 2 * QUESTIONS; which += 1) {
    const { port } = JSON.parse(await client.send('GET', `/v2.0/ports/${cloud.portAt(7919 * which)}`)) as Shown;
    addresses.push(port.fixed_ips[0]?.ip_address ?? '');
  }
  const byAddress = await ask(QUESTIONS, (which) => addresses[which] ?? '');
  // The group that is on every host: so many ports, each in a row and a column of its own.
  const matrix = { by: 'port', source: `group:${cloud.everywhere}`, destination: `group:${cloud.everywhere}`, protocol: 'tcp', port: 443 };
  const matrices = await sendLoad(
    { clients: 1, count: MATRICES },
    async () => void (await client.send('POST', '/v2.0/connectivity/matrix', { connectivity_matrix: matrix })),
  );
  client.close();
  const instances = Math.min(hosts, MATRIX_PORTS);
  return [
    {
      title: 'Explain',
      rows: [
        row(`explain one flow between two ports of ${thousands(ports)}`, byId, 20),
        row('- between two addresses', byAddress, 20),
        row('- the first question of all, which files every endpoint', first),
        row(`matrix of ${thousands(instances)} instances, each with each`, matrices.millis),
      ],
      notes: [
        `\`POST /v2.0/connectivity/explain\` and \`/matrix\` of a server with ${thousands(ports)} ports in ${thousands(groups)} groups on ${thousands(hosts)} simulated hosts; one client, ${QUESTIONS} questions of each kind and ${MATRICES} matrices, from sending the request until the answer is read. Nothing is compiled for a question.`,
      ],
    },
  ];
};

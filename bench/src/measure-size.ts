import { type AgentsProcess, startAgents } from './agents-process.js';
import type { Cleanup } from './cleanup.js';
import { idIn, project } from './contestant.js';
import { type Effort, type Figure, type FigureRow, type Progress, rowAlone } from './figure.js';
import { type LargeCloud, makeLargeCloud } from './large-cloud.js';
import { type LoadClient, openLoadClient, sendLoad } from './load-client.js';
import { agentSecret, type ManxServer, makeManxFolder, startManxServer } from './manx-server.js';
import { liftQuotas } from './measure-api.js';
import { cpuSeconds, residentMiB } from './process-figures.js';
import { median, percentile } from './statistics.js';

type Work = { readonly cleanup: Cleanup; readonly progress: Progress };
type Under = { readonly client: LoadClient; readonly server: ManxServer; readonly cloud: LargeCloud; readonly agents: AgentsProcess };

/** What one and the same thing costs at one size of the cloud, medians in milliseconds. */
type AtSize = {
  readonly ports: number;
  readonly create: number;
  readonly show: number;
  readonly list: number;
  readonly byDevice: number;
  readonly page: number;
};

const ms = (value: number): string => `${value.toFixed(value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
const thousands = (count: number): string => count.toLocaleString('en');

const lookAt = async ({ client, cloud }: Under, ports: number, singles: number): Promise<AtSize> => {
  const alone = { clients: 1, count: singles };
  const get = (path: (which: number) => string, count = singles): Promise<{ readonly millis: readonly number[] }> =>
    sendLoad({ clients: 1, count }, async (which) => await client.read(path(which)));
  const made: string[] = [];
  const create = await sendLoad(
    alone,
    async (which) => void made.push(idIn(await client.send('POST', '/v2.0/ports', cloud.another(which)))),
  );
  await sendLoad({ clients: 8, count: made.length }, async (which) => await client.send('DELETE', `/v2.0/ports/${made[which]}`));
  const show = await get((which) => `/v2.0/ports/${cloud.portAt(7919 * which)}`);
  const byDevice = await get((which) => `/v2.0/ports?device_id=device-${(7919 * which) % ports}`);
  const page = await get(() => '/v2.0/ports?limit=100');
  const list = await get(() => '/v2.0/ports', Math.max(3, Math.min(20, Math.round(20_000 / ports))));
  const of = ({ millis }: { readonly millis: readonly number[] }): number => median(millis);
  return { ports, create: of(create), show: of(show), list: of(list), byDevice: of(byDevice), page: of(page) };
};

const sizeRows = (seen: readonly AtSize[]): readonly FigureRow[] => {
  const row = (what: string, value: (at: AtSize) => string, goal = ''): FigureRow[] =>
    seen.map((at) => rowAlone(`${what}, of ${thousands(at.ports)}`, value(at), goal));
  return [
    ...row('create port', ({ create }) => ms(create), 'flat'),
    ...row('show port', ({ show }) => ms(show), 'flat'),
    ...row('list by device_id', ({ byDevice }) => ms(byDevice), 'flat'),
    ...row('page of 100', ({ page }) => ms(page), 'flat'),
    ...row('list all', ({ list, ports }) => `${ms(list)}, ${((1000 * list) / ports).toFixed(2)} µs a port`, 'flat a port'),
  ];
};

/** The large cloud and its agents, in one server: how cost and memory grow, how it starts again, how fast all agents hear of a change. */
export const measureSize = async (effort: Effort, { cleanup, progress }: Work): Promise<readonly Figure[]> => {
  const { steps, groups, hosts, singles } = effort.size;
  const ports = steps.at(-1) ?? 0;
  const folder = await makeManxFolder(cleanup);
  let server = await startManxServer(folder, cleanup);
  let client = openLoadClient(server.url);
  await liftQuotas(client);
  let agents = await startAgents({ url: server.feedUrl, secret: agentSecret, hosts }, cleanup);
  await agents.settled(0);
  const cloud = await makeLargeCloud(client, { ports, groups, hosts });
  const seen: AtSize[] = [];
  for (const step of steps) {
    progress(`size: ${thousands(step)} ports on ${thousands(hosts)} hosts`);
    await cloud.grow(step);
    await agents.settled(step);
    seen.push(await lookAt({ client, server, cloud, agents }, step, singles));
  }
  const grown = await residentMiB(server.pid);
  progress('size: starting again from the store');
  await agents.stop();
  client.close();
  await server.stop();
  server = await startManxServer(folder, cleanup);
  client = openLoadClient(server.url);
  await client.read('/v2.0/ports');
  const started = await residentMiB(server.pid);
  const from = performance.now();
  agents = await startAgents({ url: server.feedUrl, secret: agentSecret, hosts }, cleanup);
  await agents.settled(ports);
  const reconnected = performance.now() - from;
  const large = `${thousands(ports)} ports, ${thousands(groups)} groups, ${thousands(hosts)} agents`;
  const size: Figure = {
    title: 'Size',
    rows: [
      rowAlone(`memory after growing to ${large}`, `${grown.now.toFixed(0)} MiB`, 'under 1 GB', grown.now < 954),
      rowAlone('- the most on the way', `${grown.most.toFixed(0)} MiB`),
      rowAlone('start from the store until ready', `${(server.startMs / 1000).toFixed(2)} s`, 'under 10 s', server.startMs < 10_000),
      rowAlone('- memory then, all ports listed once', `${started.now.toFixed(0)} MiB`),
      rowAlone('- until all agents have their whole state and have reported', `${(reconnected / 1000).toFixed(2)} s`),
      ...sizeRows(seen),
    ],
    notes: [
      `One server (SQLite), one client, medians of ${singles} requests (lists: 3 to 20). Ports are bound to ${thousands(hosts)} simulated hosts (\`manx sim\`), in ${thousands(groups)} groups that are open to themselves, and ACTIVE by the agents' word.`,
    ],
  };
  const feed = await measureFeed(effort, { client, server, cloud, agents }, progress);
  client.close();
  return [size, feed];
};

const clock = (): number => Number(process.hrtime.bigint()) / 1e6;

/** How long after `change` was sent the last agent has heard of it, in milliseconds. */
const heardAfter = async (agents: AgentsProcess, change: () => Promise<unknown>): Promise<number> => {
  await agents.arm();
  const from = clock();
  await change();
  return (await agents.allHeard()) - from;
};

const measureFeed = async (effort: Effort, { client, server, cloud, agents }: Under, progress: Progress): Promise<Figure> => {
  const { hosts } = effort.size;
  const { changes, idleSeconds } = effort.feed;
  const rules: number[] = [];
  const members: number[] = [];
  for (let at = 0; at < changes; at += 1) {
    if (at % 10 === 0) progress(`feed: change ${at + 1} of ${changes} for ${thousands(hosts)} agents`);
    const rule = {
      security_group_id: cloud.everywhere,
      tenant_id: project,
      direction: 'ingress',
      ethertype: 'IPv4',
      protocol: 'tcp',
      port_range_min: 2000 + at,
      port_range_max: 2000 + at,
    };
    rules.push(await heardAfter(agents, () => client.send('POST', '/v2.0/security-group-rules', { security_group_rule: rule })));
    const port = { network_id: cloud.networks[0], tenant_id: project, 'binding:host_id': 'sim-1', security_groups: [cloud.everywhere] };
    members.push(await heardAfter(agents, () => client.send('POST', '/v2.0/ports', { port })));
  }
  progress(`feed: an idle server, ${idleSeconds} s`);
  const before = await cpuSeconds(server.pid);
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
  const share = (100 * ((await cpuSeconds(server.pid)) - before)) / idleSeconds;
  const { now } = await residentMiB(server.pid);
  const isFast = (samples: readonly number[]): boolean => percentile(samples, 0.99) < 100;
  const told = (samples: readonly number[]): string => `${median(samples).toFixed(1)} ms, p99 ${percentile(samples, 0.99).toFixed(1)} ms`;
  return {
    title: 'Feed',
    rows: [
      rowAlone(`a rule of a group that is on ${thousands(hosts)} hosts: the last agent has it`, told(rules), 'under 100 ms', isFast(rules)),
      rowAlone(`a port joins that group: the last agent has it`, told(members), 'under 100 ms', isFast(members)),
      rowAlone(`server with ${thousands(hosts)} idle agents`, `${share.toFixed(1)} % of a core`, 'under 5 %', share < 5),
      rowAlone('- its memory', `${now.toFixed(0)} MiB`),
    ],
    notes: [
      `In the cloud of the figure above, ${changes} changes of each kind, from sending the request until the last of ${thousands(hosts)} agents (real sessions in one other process, on the same machine) has the new state in hand: validated, committed, compiled, sent, read, checked, applied to its copy.`,
    ],
  };
};

import type { ApiCounts } from './figure.js';
import { type LoadClient, openLoadClient, sendLoad } from './load-client.js';

/** Everything is this project's. */
export const project = 'bench';

/** What was seen of one server, samples by what was done: milliseconds, or a number per second. */
export type Seen = Map<string, number[]>;

/** A server under load: its client, the networks it has, how often it is asked, and what has been seen. */
export type Contestant = {
  readonly name: string;
  readonly client: LoadClient;
  readonly counts: ApiCounts;
  /** One for a single client, and 16 for as many at once. */
  readonly networks: readonly string[];
  /** Makes ports, whichever way is fast, until there are so many in all; they have device ids `device-1`, `device-2`... */
  readonly fill: (count: number) => Promise<unknown>;
  readonly seen: Seen;
};

export const clients = 16;

/** The id in an answer to a POST. */
export const idIn = (answer: string): string => {
  const [resource] = Object.values(JSON.parse(answer) as Readonly<Record<string, { readonly id: string }>>);
  return resource?.id ?? '';
};

const makeNetwork = async (client: LoadClient, cidr: string): Promise<string> => {
  const id = idIn(await client.send('POST', '/v2.0/networks', { network: { name: cidr, tenant_id: project } }));
  await client.send('POST', '/v2.0/subnets', { subnet: { network_id: id, tenant_id: project, ip_version: 4, cidr } });
  return id;
};

/** A contestant with its networks; the first requests pay for default groups, caches and compiling, and are not counted. */
export const enter = async (
  { name, url, counts }: { readonly name: string; readonly url: string; readonly counts: ApiCounts },
  makeFill: (client: LoadClient) => Promise<Contestant['fill']>,
): Promise<Contestant> => {
  const client = openLoadClient(url);
  const networks: string[] = [];
  for (let at = 0; at <= clients; at += 1) networks.push(await makeNetwork(client, `10.${64 + at}.0.0/16`));
  const fill = await makeFill(client);
  const contestant = { name, client, counts, networks, fill, seen: new Map() };
  const { ids } = await makePorts(contestant, { clients: 1, count: Math.ceil(counts.singles / 3) });
  for (const id of ids) await client.send('PUT', `/v2.0/ports/${id}`, { port: { name: 'warm' } });
  await sendLoad(
    { clients, count: Math.ceil(counts.crowdShows / 4) },
    async (which) => await client.read(`/v2.0/ports/${ids[which % ids.length]}`),
  );
  await removePorts(contestant, ids);
  return contestant;
};

/** Adds samples to what has been seen. */
export const note = ({ seen }: Pick<Contestant, 'seen'>, what: string, samples: readonly number[]): void => {
  const before = seen.get(what);
  if (before === undefined) seen.set(what, [...samples]);
  else before.push(...samples);
};

/** Makes ports one request each; each of several clients on a network of its own. */
export const makePorts = async (
  { client, networks }: Pick<Contestant, 'client' | 'networks'>,
  load: { readonly clients: number; readonly count: number },
): Promise<{ readonly ids: readonly string[]; readonly millis: readonly number[]; readonly perSecond: number }> => {
  const ids: string[] = [];
  const sent = await sendLoad(load, async (which) => {
    const network_id = networks[load.clients === 1 ? 0 : 1 + (which % clients)];
    ids.push(idIn(await client.send('POST', '/v2.0/ports', { port: { network_id, tenant_id: project } })));
  });
  return { ids, ...sent };
};

/** Deletes ports one request each, many at a time. */
export const removePorts = async ({ client }: Pick<Contestant, 'client'>, ids: readonly string[]): Promise<void> => {
  await sendLoad({ clients: 8, count: ids.length }, async (which) => await client.send('DELETE', `/v2.0/ports/${ids[which]}`));
};

/** How many ports there are. */
export const countPorts = async ({ client }: Pick<Contestant, 'client'>): Promise<number> =>
  (JSON.parse(await client.send('GET', '/v2.0/ports?fields=id')) as { readonly ports: readonly unknown[] }).ports.length;

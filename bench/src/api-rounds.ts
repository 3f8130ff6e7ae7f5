import { LabError } from '@manx/lab/bench-kit';
import { type Contestant, clients, countPorts, idIn, makePorts, note, project, removePorts } from './contestant.js';
import { sendLoad } from './load-client.js';

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

const repeat = async (count: number, work: (which: number) => Promise<number>): Promise<readonly number[]> => {
  const millis: number[] = [];
  for (let which = 0; which < count; which += 1) millis.push(await work(which));
  return millis;
};

/** One client: make, show, change and delete ports, one request after another. */
export const measureSingles = async (contestant: Contestant): Promise<void> => {
  const { client, counts } = contestant;
  const made = await makePorts(contestant, { clients: 1, count: counts.singles });
  const alone = { clients: 1, count: counts.singles };
  const path = (which: number): string => `/v2.0/ports/${made.ids[which]}`;
  note(contestant, 'create', made.millis);
  note(contestant, 'show', (await sendLoad(alone, async (which) => await client.read(path(which)))).millis);
  const change = async (which: number): Promise<unknown> => await client.send('PUT', path(which), { port: { name: `changed-${which}` } });
  note(contestant, 'update', (await sendLoad(alone, change)).millis);
  note(contestant, 'delete', (await sendLoad(alone, async (which) => await client.send('DELETE', path(which)))).millis);
};

/** 16 clients at once: making ports, each on a network of its own, and showing them. */
export const measureCrowd = async (contestant: Contestant): Promise<void> => {
  const { client, counts } = contestant;
  const made = await makePorts(contestant, { clients, count: counts.crowdCreates });
  note(contestant, 'crowd creates', [made.perSecond]);
  note(contestant, 'crowd create', made.millis);
  const show = async (which: number): Promise<unknown> => await client.read(`/v2.0/ports/${made.ids[which % made.ids.length]}`);
  const shows = await sendLoad({ clients, count: counts.crowdShows }, show);
  note(contestant, 'crowd shows', [shows.perSecond]);
  await removePorts(contestant, made.ids);
};

/** Many in one request: 100 ports, 20 rules of a group; and 20 rules one after another. */
export const measureBulk = async (contestant: Contestant): Promise<void> => {
  const { client, counts, networks } = contestant;
  const ports = Array.from({ length: 100 }, () => ({ network_id: networks[0], tenant_id: project }));
  const made: string[] = [];
  const bulk = async (): Promise<number> =>
    await timed(async () => {
      const answer = JSON.parse(await client.send('POST', '/v2.0/ports', { ports })) as {
        readonly ports: readonly { readonly id: string }[];
      };
      made.push(...answer.ports.map(({ id }) => id));
    });
  note(contestant, 'bulk ports', await repeat(counts.bulks, bulk));
  await removePorts(contestant, made);
  note(
    contestant,
    'bulk rules',
    await repeat(counts.ruleBulks, async () => {
      const security_group_rules = await newRules(contestant);
      return await timed(async () => await client.send('POST', '/v2.0/security-group-rules', { security_group_rules }));
    }),
  );
  note(
    contestant,
    'serial rules',
    await repeat(counts.ruleSeries, async () => {
      const rules = await newRules(contestant);
      return await timed(async () => {
        for (const security_group_rule of rules) await client.send('POST', '/v2.0/security-group-rules', { security_group_rule });
      });
    }),
  );
};

/** Twenty rules of a new group. */
const newRules = async ({ client }: Contestant): Promise<readonly object[]> => {
  const group = idIn(await client.send('POST', '/v2.0/security-groups', { security_group: { name: 'rules', tenant_id: project } }));
  return Array.from({ length: 20 }, (_, at) => ({
    security_group_id: group,
    tenant_id: project,
    direction: 'ingress',
    ethertype: 'IPv4',
    protocol: 'tcp',
    port_range_min: 1000 + at,
    port_range_max: 1000 + at,
    remote_ip_prefix: `192.0.2.${at}/32`,
  }));
};

/** All ports at once, read to the end. */
export const measureList = async (contestant: Contestant, size: number): Promise<void> => {
  const { client, counts } = contestant;
  const there = await countPorts(contestant);
  if (there !== size) throw new LabError('refused', `There are ${there} ports to list, not ${size}.`);
  await client.read('/v2.0/ports');
  const count = size >= 10_000 ? counts.longLists : counts.lists;
  note(contestant, `list ${size}`, await repeat(count, async () => await timed(async () => await client.read('/v2.0/ports'))));
};

/** A few of many: those of one device, and a page of 100. */
export const measurePick = async (contestant: Contestant): Promise<void> => {
  const { client, counts } = contestant;
  const count = 3 * counts.lists;
  const get = async (query: string): Promise<number> => await timed(async () => await client.read(`/v2.0/ports?${query}`));
  note(contestant, 'by device', await repeat(count, async (which) => await get(`device_id=device-${1 + ((which * 97) % 500)}`)));
  note(contestant, 'page', await repeat(count, async () => await get('limit=100')));
};

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, clientOf } from './client.js';
import { makeServerFolder, type ServerFolder, startServerProcess } from './server-process.js';

/*
 * Several clients make, change and delete things of many kinds, one request after another each, until the server is killed under them. What
 * was acknowledged must be as it was answered; of what was not, all must be there or nothing.
 */

let folder: ServerFolder;

beforeAll(async () => {
  folder = await makeServerFolder('log: {level: error}\nquotas: {port: -1}');
});
afterAll(() => folder.remove());

type Resource = { readonly id: string; readonly name?: string; readonly [attribute: string]: unknown };

const CLIENTS = 8;
const ROUNDS = 4;
const BATCH = 5;

/** What one client knows: by URL, the last acknowledged view (null: deleted), and the URL of the request that was never answered. */
type Memory = { readonly known: Map<string, Resource | null>; open: string | null };

type Call = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** One client's day: a network with a subnet, a router on it, a batch of ports, groups and a rule; changes; deletions; again. */
async function* requests(name: string, third: number): AsyncGenerator<readonly [string, string, unknown?], void, Answer> {
  const made = (answer: Answer, kind: string): Resource => (answer.body as Readonly<Record<string, Resource>>)[kind] as Resource;
  for (let turn = 0; ; turn += 1) {
    const label = `${name}-${turn}`;
    const network = made(yield ['POST', '/v2.0/networks', { network: { name: label } }], 'network');
    const cidr = `10.${third}.${turn % 256}.0/24`;
    const subnet = made(
      yield ['POST', '/v2.0/subnets', { subnet: { name: label, network_id: network.id, ip_version: 4, cidr } }],
      'subnet',
    );
    const ports = Array.from({ length: BATCH }, () => ({ name: `${label}-batch`, network_id: network.id }));
    const batch = yield ['POST', '/v2.0/ports', { ports }];
    const [first, second] = (batch.body as { readonly ports: readonly Resource[] }).ports;
    yield ['PUT', `/v2.0/ports/${first?.id}`, { port: { description: label } }];
    const group = made(yield ['POST', '/v2.0/security-groups', { security_group: { name: label } }], 'security_group');
    yield [
      'POST',
      '/v2.0/security-group-rules',
      { security_group_rule: { security_group_id: group.id, direction: 'ingress', protocol: 'tcp' } },
    ];
    yield ['PUT', `/v2.0/ports/${second?.id}`, { port: { security_groups: [group.id] } }];
    const router = made(yield ['POST', '/v2.0/routers', { router: { name: label } }], 'router');
    yield ['PUT', `/v2.0/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id }];
    yield ['PUT', `/v2.0/routers/${router.id}/remove_router_interface`, { subnet_id: subnet.id }];
    yield ['DELETE', `/v2.0/routers/${router.id}`];
  }
}

/** Sends a client's requests until the server is gone, and remembers. */
const live = async (call: Call, memory: Memory, day: ReturnType<typeof requests>, onAnswer: () => void): Promise<void> => {
  let step = await day.next();
  while (step.done !== true) {
    const [method, path, body] = step.value;
    memory.open = path;
    let answer: Answer;
    try {
      answer = await call(method, path, body);
    } catch (error) {
      // The connection broke: the server is gone, and nobody knows what became of this request.
      if (error instanceof TypeError) return;
      throw error;
    }
    expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).toBeLessThan(300);
    memory.open = null;
    remember(memory, { method, path, answer });
    onAnswer();
    step = await day.next(answer);
  }
};

const remember = ({ known }: Memory, { method, path, answer }: { method: string; path: string; answer: Answer }): void => {
  const actedOn = /^(\/v2\.0\/routers\/[^/]+)\//.exec(path)?.[1];
  if (actedOn !== undefined) known.delete(actedOn);
  else if (method === 'DELETE') known.set(path, null);
  else {
    const [inside = []] = Object.values(answer.body as Readonly<Record<string, Resource | Resource[]>>);
    for (const resource of Array.isArray(inside) ? inside : [inside])
      known.set(method === 'PUT' ? path : `${path}/${resource.id}`, resource);
  }
};

/** What later requests about other resources count as a change of this one: those attributes are left out of the comparison. */
const settled = ({
  revision_number: _revision,
  updated_at: _at,
  subnets: _subnets,
  security_group_rules: _rules,
  ...rest
}: Resource): unknown => rest;

describe('a server that is killed under load', () => {
  it('has what it acknowledged as it was answered, and of what it did not, everything or nothing', async () => {
    const memories = Array.from({ length: CLIENTS }, (): Memory => ({ known: new Map(), open: null }));
    const opened = new Set<string>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await startServerProcess(folder);
      let answers = 0;
      const killAt = 90 + 67 * round;
      const onAnswer = (): void => {
        answers += 1;
        if (answers === killAt) server.child.kill('SIGKILL');
      };
      await Promise.all(
        memories.map((memory, at) => {
          const headers = { 'x-project-id': `project-${round}-${at}` };
          const client = clientOf(server.url);
          const call: Call = (method, path, body) => client.call(method, path, body === undefined ? { headers } : { body, headers });
          return live(call, memory, requests(`r${round}-c${at}`, 16 * round + at), onAnswer);
        }),
      );
      for (const { open } of memories) if (open !== null) opened.add(open);
    }
    const server = await startServerProcess(folder);
    const client = clientOf(server.url);
    let compared = 0;
    for (const { known } of memories) {
      for (const [path, resource] of known) {
        if (opened.has(path)) continue;
        const { status, body } = await client.call('GET', path);
        if (resource === null) expect(status, path).toBe(404);
        else expect(settled(Object.values(body as Readonly<Record<string, Resource>>)[0] ?? { id: '' }), path).toEqual(settled(resource));
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(300);
    const { body } = await client.call('GET', '/v2.0/ports?fields=name&fields=fixed_ips');
    const ports = (
      body as { readonly ports: ReadonlyArray<{ readonly name: string; readonly fixed_ips: readonly { readonly ip_address: string }[] }> }
    ).ports;
    const batches = new Map<string, number>();
    for (const { name } of ports) batches.set(name, (batches.get(name) ?? 0) + 1);
    for (const [name, count] of batches) if (name.endsWith('-batch')) expect(count, name).toBe(BATCH);
    const addresses = ports.flatMap(({ fixed_ips }) => fixed_ips.map(({ ip_address }) => ip_address));
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Client, clientOf, type Made, neutronError } from './client.js';
import { makeServerFolder, type ServerFolder, type ServerProcess, startServerProcess } from './server-process.js';

let folder: ServerFolder;
let server: ServerProcess;
let client: Client;
const ids: Record<string, string> = {};

const COLLECTIONS = ['networks', 'subnets', 'ports', 'security-groups', 'security-group-rules'] as const;
const kindOf = (collection: string): string => collection.replaceAll('-', '_').slice(0, -1);

beforeAll(async () => {
  folder = await makeServerFolder('log: {level: error}');
  server = await startServerProcess(folder);
  client = clientOf(server.url);
  const keep = async (collection: string, values: Record<string, unknown>): Promise<Made> => {
    const made = await client.make(collection, values);
    ids[collection] = made.id;
    return made;
  };
  const network = await keep('networks', { name: 'n' });
  await keep('subnets', { network_id: network.id, ip_version: 4, cidr: '10.40.0.0/24' });
  const group = await keep('security-groups', { name: 'g' });
  await keep('security-group-rules', { security_group_id: group.id, direction: 'ingress', protocol: 'tcp' });
  await keep('ports', { network_id: network.id });
});
afterAll(async () => {
  await server.end('SIGTERM');
  expect(server.log()).toBe('');
  await folder.remove();
});

/** Every resource as clients see it, sorted: equal when nothing changed. */
const everything = async (): Promise<string> => {
  const lists = await Promise.all(COLLECTIONS.map((collection) => client.call('GET', `/v2.0/${collection}?sort_key=id&sort_dir=asc`)));
  return JSON.stringify(lists.map(({ body }) => body));
};

/** That a bad request was refused as Neutron does: a 4xx with its error document. */
const expectRefused = (answer: Answer): void => {
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  const error = neutronError(answer);
  expect(Object.keys(error ?? {}).sort()).toEqual(['detail', 'message', 'type']);
  expect(error?.type).toMatch(/^[A-Z][A-Za-z]+$/);
  expect(error?.message).not.toBe('');
  expect(answer.headers.get('x-openstack-request-id')).toMatch(/^req-/);
};

const METACHARACTERS = [
  "'; DROP TABLE commits; --",
  '$(reboot)',
  '`reboot`',
  'a\nlog-queries',
  'x\u0000y',
  '\u202Egnp',
  '../../etc/passwd',
  '{{7*7}}',
  '%s%n',
  '\ud800',
  'ü'.repeat(300),
];
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1e308, 2 ** 53, '', [], {}, [[]], [null], { id: 1 }, ...METACHARACTERS),
  fc.jsonValue({ maxDepth: 3 }),
);
const NAMES = [
  'id',
  'name',
  'network_id',
  'cidr',
  'ip_version',
  'fixed_ips',
  'mac_address',
  'security_groups',
  'protocol',
  'port_range_min',
  'tenant_id',
  'status',
  '__proto__',
  'constructor',
  'toString',
  'binding:profile',
  'mtu',
  'shared',
  'gateway_ip',
  'allocation_pools',
  'host_routes',
  'dns_nameservers',
  'ethertype',
  'direction',
  'security_group_id',
  'remote_ip_prefix',
  'nonsense',
];
const attributes = fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), junk, { maxKeys: 6 });

describe('whatever is sent', () => {
  it('text that is not JSON is refused and changes nothing', async () => {
    const before = await everything();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...COLLECTIONS),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('POST', 'PUT'),
        async (collection, text, method) => {
          const path = method === 'POST' ? `/v2.0/${collection}` : `/v2.0/${collection}/${ids[collection]}`;
          expectRefused(await client.call(method, path, { text: `{"${kindOf(collection)}": ${text}` }));
        },
      ),
      { numRuns: 150 },
    );
    expect(await everything()).toBe(before);
  });

  it('a body of the wrong shape is refused and changes nothing', async () => {
    const before = await everything();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COLLECTIONS), fc.jsonValue({ maxDepth: 4 }), async (collection, body) => {
        expectRefused(await client.call('POST', `/v2.0/${collection}`, { text: JSON.stringify(body) }));
        expectRefused(
          await client.call('POST', `/v2.0/${collection}`, { body: { [collection.replaceAll('-', '_')]: [{ nonsense: body }] } }),
        );
      }),
      { numRuns: 150 },
    );
    expect(await everything()).toBe(before);
  });

  it('an attribute that is not known is refused, whatever else is in the body', async () => {
    const before = await everything();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COLLECTIONS), attributes, async (collection, values) => {
        const body = { [kindOf(collection)]: { ...values, 'not:an:attribute': 1 } };
        expectRefused(await client.call('POST', `/v2.0/${collection}`, { body }));
        expectRefused(await client.call('PUT', `/v2.0/${collection}/${ids[collection]}`, { body }));
      }),
      { numRuns: 150 },
    );
    expect(await everything()).toBe(before);
  });

  it('values of any kind are taken whole or refused whole: never a 500, never a change with a refusal', async () => {
    let before = await everything();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COLLECTIONS), attributes, fc.boolean(), async (collection, values, isUpdate) => {
        const path = isUpdate ? `/v2.0/${collection}/${ids[collection]}` : `/v2.0/${collection}`;
        const answer = await client.call(isUpdate ? 'PUT' : 'POST', path, { body: { [kindOf(collection)]: values } });
        const after = await everything();
        if (answer.status >= 300) {
          expectRefused(answer);
          expect(after).toBe(before);
        }
        before = after;
      }),
      { numRuns: 200 },
    );
  });

  it('a query of any kind is answered or refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...COLLECTIONS),
        fc.constantFrom(...NAMES, 'limit', 'marker', 'sort_key', 'fields', 'page_reverse'),
        fc.string({ unit: 'grapheme' }),
        async (collection, name, value) => {
          const answer = await client.call('GET', `/v2.0/${collection}?${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
          if (answer.status !== 200) expectRefused(answer);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a URL that nothing is at is 404 with the error document', async () => {
    await fc.assert(
      fc.asyncProperty(fc.webSegment(), async (segment) => {
        expectRefused(await client.call('GET', `/v2.0/x${segment}/y`));
      }),
      { numRuns: 100 },
    );
  });

  it.each(METACHARACTERS.slice(0, 3))('a description of %j comes back as it was sent', async (description) => {
    const made = await client.make('networks', { name: 'odd', description });
    expect(made['description']).toBe(description);
  });
});

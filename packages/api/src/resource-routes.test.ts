import { openMemoryStore } from '@manx/store';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';

type Row = { readonly id: string; readonly name: string; readonly revision_number: number; readonly [name: string]: unknown };
type Page = { readonly rows: readonly Row[]; readonly links: Readonly<Record<string, string>> };

let api: TestApi;

beforeEach(async () => {
  api = await openTestApi();
});
afterEach(async () => {
  await api.close();
  expect(api.bugs).toEqual([]);
});

const makeNetwork = async (values: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<Row> => {
  const { json, status, text } = await api.call('POST /v2.0/networks', { body: { network: { name: 'n', ...values } }, headers });
  if (status !== 201) throw new Error(text);
  return json['network'] as unknown as Row;
};
const pageOf = async (url: string): Promise<Page> => {
  const { json } = await api.call(`GET ${url}`);
  const links = (json['networks_links'] ?? []) as unknown as { rel: string; href: string }[];
  return { rows: json['networks'] as unknown as Row[], links: Object.fromEntries(links.map(({ rel, href }) => [rel, href])) };
};

describe('one resource', () => {
  it('is answered 201 when made, then shown, listed, updated and deleted with Neutron’s codes', async () => {
    const made = await makeNetwork({ name: 'first' });
    expect(await api.call(`GET /v2.0/networks/${made.id}`)).toMatchObject({ status: 200, json: { network: made } });
    const updated = await api.call(`PUT /v2.0/networks/${made.id}`, { body: { network: { name: 'second' } } });
    expect(updated).toMatchObject({
      status: 200,
      json: { network: { ...made, name: 'second', revision_number: 2, updated_at: expect.any(String) as unknown } },
    });
    expect((await pageOf('/v2.0/networks')).rows).toEqual([updated.json['network']]);
    const deleted = await api.call(`DELETE /v2.0/networks/${made.id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await api.call(`DELETE /v2.0/networks/${made.id}`)).json.NeutronError?.type).toBe('NetworkNotFound');
  });

  it('is changed under If-Match only at that revision: 412 otherwise, and nothing changes', async () => {
    const { id } = await makeNetwork();
    const late = await api.call(`PUT /v2.0/networks/${id}`, {
      body: { network: { name: 'x' } },
      headers: { 'if-match': 'revision_number=7' },
    });
    expect([late.status, late.json.NeutronError?.type]).toEqual([412, 'RevisionNumberConstraintFailed']);
    const inTime = await api.call(`PUT /v2.0/networks/${id}`, {
      body: { network: { name: 'x' } },
      headers: { 'if-match': 'revision_number=1' },
    });
    expect(inTime.status).toBe(200);
  });

  it('a port’s groups are the field `security_groups`; `security_group_ids`, which openstackclient 6.0 asks for, is none, as in Neutron', async () => {
    const network = (await api.call('POST /v2.0/networks', { body: { network: {} } })).json['network'] as unknown as { id: string };
    const body = { port: { network_id: network.id } };
    const port = (await api.call('POST /v2.0/ports', { body })).json['port'] as unknown as { id: string; security_groups: string[] };
    const { id, security_groups } = port;
    expect(security_groups).toHaveLength(1);
    const listed = (field: string) => api.call(`GET /v2.0/ports?id=${id}&fields=id&fields=${field}`);
    expect((await listed('security_groups')).json).toEqual({ ports: [{ id, security_groups }] });
    expect((await listed('security_group_ids')).json).toEqual({ ports: [{ id }] });
  });

  it('an owner comes under either name, or both alike; lists filter by either; it never changes', async () => {
    const make = (owner: object) => api.call('POST /v2.0/networks', { body: { network: { name: 'owned', ...owner } } });
    const made = await make({ tenant_id: 'red' });
    expect(made.json['network']).toMatchObject({ tenant_id: 'red', project_id: 'red' });
    expect((await make({ tenant_id: 'red', project_id: 'red' })).status).toBe(201);
    expect((await make({ tenant_id: 'red', project_id: 'blue' })).status).toBe(400);
    for (const name of ['tenant_id', 'project_id']) {
      expect((await api.call(`GET /v2.0/networks?${name}=red&fields=project_id`)).json).toEqual({
        networks: [{ project_id: 'red' }, { project_id: 'red' }],
      });
    }
    const { id } = made.json['network'] as unknown as { id: string };
    for (const name of ['tenant_id', 'project_id']) {
      const { status, json } = await api.call(`PUT /v2.0/networks/${id}`, { body: { network: { [name]: 'blue' } } });
      expect([status, json.NeutronError?.message]).toEqual([400, expect.stringMatching(/^Cannot update read-only attribute/)]);
    }
  });

  it('shows the fields that are asked for, and passes over those that are not there', async () => {
    const { id } = await makeNetwork();
    expect((await api.call(`GET /v2.0/networks/${id}?fields=id&fields=name&fields=nonsense`)).json).toEqual({ network: { id, name: 'n' } });
  });

  it('is never shown stale, however often it was shown before', async () => {
    const { id } = await makeNetwork({ name: 'net' });
    await api.call('POST /v2.0/subnets', { body: { subnet: { network_id: id, ip_version: 4, cidr: '10.1.0.0/24' } } });
    const port = (await api.call('POST /v2.0/ports', { body: { port: { network_id: id } } })).json['port'] as unknown as Row;
    for (const name of ['a', 'b', 'c']) {
      await api.call(`PUT /v2.0/ports/${port.id}`, { body: { port: { name } } });
      expect((await api.call(`GET /v2.0/ports/${port.id}`)).json['port']).toMatchObject({ name });
      expect((await api.call('GET /v2.0/ports')).json['ports']).toMatchObject([{ name }]);
    }
  });

  it('is shown without what only administrators see to everybody else, also when an administrator has just looked', async () => {
    const member = { 'x-roles': 'member', 'x-project-id': 'blue' };
    const { id } = await makeNetwork({}, member);
    const port = (await api.call('POST /v2.0/ports', { body: { port: { network_id: id } }, headers: member })).json[
      'port'
    ] as unknown as Row;
    expect((await api.call(`GET /v2.0/ports/${port.id}`)).json['port']).toHaveProperty('binding:host_id');
    expect((await api.call(`GET /v2.0/ports/${port.id}`, { headers: member })).json['port']).not.toHaveProperty('binding:host_id');
  });
});

describe('a bulk', () => {
  it('is one commit, answered in its order', async () => {
    const { json } = await api.call('POST /v2.0/networks', { body: { networks: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] } });
    expect((json['networks'] as unknown as Row[]).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(api.ledger.revision).toBe(1);
  });

  it('makes nothing when one of it is refused', async () => {
    const { status } = await api.call('POST /v2.0/networks', { body: { networks: [{ name: 'a' }, { name: 7 }] } });
    expect([status, api.ledger.revision]).toEqual([400, 0]);
  });
});

describe('pages', () => {
  it('walking by the links of pages of any size shows everything once, in the order asked for, both ways', async () => {
    for (let i = 0; i < 11; i += 1) await makeNetwork({ name: `n${i % 3}`, description: `${i}` });
    const all = (await pageOf('/v2.0/networks?sort_key=name&sort_dir=desc')).rows.map(({ id }) => id);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (limit) => {
        const forth: string[] = [];
        let page = await pageOf(`/v2.0/networks?sort_key=name&sort_dir=desc&limit=${limit}`);
        let last = page;
        while (page.rows.length > 0) {
          forth.push(...page.rows.map(({ id }) => id));
          last = page;
          const next = page.links['next'];
          if (next === undefined) break;
          page = await pageOf(next.replace(/^http:\/\/[^/]+/, ''));
        }
        expect(forth).toEqual(all);
        const back: string[] = last.rows.map(({ id }) => id);
        for (let way = last; way.links['previous'] !== undefined; ) {
          way = await pageOf(way.links['previous'].replace(/^http:\/\/[^/]+/, ''));
          if (way.rows.length === 0) break;
          back.unshift(...way.rows.map(({ id }) => id));
        }
        expect(back).toEqual(all);
      }),
      { numRuns: 12 },
    );
  });
});

describe('default groups', () => {
  it('S16: looking at groups makes the project’s own, once, and one for the project that an administrator asks about', async () => {
    await api.call('GET /v2.0/security-groups');
    await api.call('GET /v2.0/security-groups');
    expect(api.ledger.revision).toBe(1);
    const { json } = await api.call('GET /v2.0/security-group-rules?project_id=green');
    expect(json['security_group_rules'] as unknown as Row[]).toHaveLength(4);
  });

  it('S16: asking about another project’s groups makes nothing for whom the policy shows none of them', async () => {
    await api.call('GET /v2.0/security-groups?project_id=green', { headers: { 'x-roles': 'member', 'x-project-id': 'blue' } });
    expect([...api.ledger.state.all('security_group')].map((group) => group.project_id)).toEqual([]);
  });
});

describe('commits', () => {
  it('remember the request and on whose behalf it came', async () => {
    const store = openMemoryStore();
    const own = await openTestApi({ store });
    const { headers } = await own.call('POST /v2.0/networks', {
      body: { network: {} },
      headers: { 'x-project-id': 'blue', 'x-user-id': 'ann' },
    });
    const commits = [];
    for await (const commit of store.history(0)) commits.push(commit);
    expect(commits).toMatchObject([{ revision: 1, request_id: headers['x-openstack-request-id'], user_id: 'ann', project_id: 'blue' }]);
    await own.close();
  });
});

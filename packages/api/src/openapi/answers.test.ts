import { DERIVED, type Declaration, declarationOf, RESOURCE_KINDS, type ResourceKind, singularOf } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentIdOf, createAgentRegister } from '../agent-register.js';
import { openTestApi, type TestApi, testContext } from '../api-fixture.js';

/* One of every kind, made, shown, listed, changed, refused and deleted; `call` throws for an answer that is not as the document says. */

type Json = { readonly [key: string]: unknown };
type Made = { readonly [kind in ResourceKind]?: string };

const NOBODY = '00000000-0000-4000-8000-000000000000';

/** How to make one of each kind that can be made; later ones refer to earlier ones. */
const EXAMPLES: readonly (readonly [ResourceKind, (made: Made) => Json])[] = [
  ['address_scope', () => ({ name: 'scope', ip_version: 4 })],
  ['subnetpool', () => ({ name: 'pool', prefixes: ['10.64.0.0/16'], default_prefixlen: 24 })],
  ['address_group', () => ({ name: 'offices', addresses: ['192.0.2.0/24', '2001:db8::/64'] })],
  ['qos_policy', () => ({ name: 'gold', shared: true })],
  ['qos_bandwidth_limit_rule', () => ({ max_kbps: 1000 })],
  ['qos_packet_rate_limit_rule', () => ({ max_kpps: 10 })],
  ['qos_dscp_marking_rule', () => ({ dscp_mark: 26 })],
  ['qos_minimum_bandwidth_rule', () => ({ min_kbps: 10 })],
  ['qos_minimum_packet_rate_rule', () => ({ min_kpps: 1, direction: 'any' })],
  ['network', ({ qos_policy }) => ({ name: 'outer', 'router:external': true, qos_policy_id: qos_policy })],
  ['subnet', ({ network }) => ({ network_id: network, ip_version: 4, cidr: '203.0.113.0/24' })],
  [
    'default_security_group_rule',
    () => ({
      direction: 'ingress',
      used_in_default_sg: false,
      used_in_non_default_sg: true,
      protocol: 'tcp',
      port_range_min: 22,
      port_range_max: 22,
    }),
  ],
  ['security_group', () => ({ name: 'web' })],
  [
    'security_group_rule',
    ({ security_group }) => ({
      security_group_id: security_group,
      direction: 'ingress',
      protocol: 'tcp',
      port_range_min: 80,
      port_range_max: 80,
    }),
  ],
  ['port', ({ network, qos_policy }) => ({ network_id: network, 'binding:host_id': 'h1', device_id: NOBODY, qos_policy_id: qos_policy })],
  ['router', ({ network }) => ({ name: 'r', external_gateway_info: { network_id: network } })],
  ['floatingip', ({ network }) => ({ floating_network_id: network })],
  [
    'rbac_policy',
    ({ qos_policy }) => ({ object_type: 'qos_policy', object_id: qos_policy, action: 'access_as_shared', target_tenant: 'blue' }),
  ],
  ['log', ({ security_group }) => ({ resource_type: 'security_group', resource_id: security_group, enabled: false })],
  ['bgp_peer', () => ({ peer_ip: '198.18.0.1', remote_as: 65001, auth_type: 'md5', password: 's3cret' })],
  ['bgp_speaker', () => ({ name: 'hosts', local_as: 65000, ip_version: 4 })],
];

/** Kinds that can be made, of which the tests of their own room check the answers: each needs more than a line to come to be. */
const ELSEWHERE: ReadonlySet<ResourceKind> = new Set<ResourceKind>([
  'port_forwarding',
  'segment',
  'port_binding',
  'quota',
  'auto_allocated_topology',
]);

let api: TestApi;
let made: { [kind in ResourceKind]?: string };
beforeEach(async () => {
  const host = { host: 'h1', isAlive: true, heardAt: '2026-01-31T10:00:00Z', report: null };
  api = await openTestApi({ checksAnswers: true, facts: () => ({ now: host.heardAt, hosts: [host] }) });
  await createAgentRegister({ ledger: api.ledger, context: testContext })('h1', null);
  made = {};
  for (const [kind, example] of EXAMPLES) {
    const { json, status } = await api.call(`POST ${urlOf(kind)}`, { body: { [singularOf(declarationOf(kind))]: example(made) } });
    if (status !== 201) throw new Error(`${kind}: ${JSON.stringify(json)}`);
    made[kind] = (json as unknown as { readonly [key: string]: { readonly id: string } })[singularOf(declarationOf(kind))]?.id ?? '';
  }
});
afterEach(async () => {
  await api.close();
  expect(api.bugs).toEqual([]);
});

const urlOf = (kind: ResourceKind): string => {
  const { parent, path } = declarationOf(kind);
  return parent === undefined ? `/v2.0/${path}` : `/v2.0/${declarationOf(parent.kind).path}/${made[parent.kind]}/${path}`;
};
const offers = ({ offers: some }: Declaration, offer: 'list' | 'show' | 'create' | 'update' | 'delete'): boolean =>
  some?.includes(offer) ?? true;
const declared: readonly Declaration[] = RESOURCE_KINDS.map(declarationOf);

describe('the answers that the description speaks of', () => {
  it('are shown by an example of each kind', () => {
    const examples = new Set(EXAMPLES.map(([kind]) => kind));
    const creatable = declared.filter((declaration) => offers(declaration, 'create')).map(({ kind }) => kind);
    expect(creatable.filter((kind) => !examples.has(kind) && !ELSEWHERE.has(kind))).toEqual([]);
  });

  it('to creations, lists, shows and updates are as it says', async () => {
    for (const declaration of declared) {
      const { kind, collection } = declaration;
      const [url, id] = [urlOf(kind), made[kind]];
      if (id === undefined) continue;
      if (offers(declaration, 'list')) {
        const { json } = await api.call(`GET ${url}?limit=1000`);
        expect(
          (json as unknown as { readonly [key: string]: readonly Json[] })[collection]?.some((row) => row['id'] === id),
          kind,
        ).toBe(true);
        expect((await api.call(`GET ${url}?fields=id`)).status, kind).toBe(200);
      }
      if (offers(declaration, 'show')) expect((await api.call(`GET ${url}/${id}`)).status, kind).toBe(200);
      if (offers(declaration, 'update') && Object.hasOwn(declaration.attributes, 'description')) {
        const body = { [singularOf(declaration)]: { description: 'changed' } };
        const { json, status } = await api.call(`PUT ${url}/${id}`, { body });
        expect([kind, status, json.NeutronError]).toEqual([kind, 200, undefined]);
      }
    }
  });

  it('to refusals and deletions are as it says', async () => {
    for (const declaration of declared.toReversed()) {
      const [url, id] = [urlOf(declaration.kind), made[declaration.kind]];
      if (offers(declaration, 'create'))
        expect((await api.call(`POST ${url}`, { body: { nothing: {} } })).status).toBeGreaterThanOrEqual(400);
      if (offers(declaration, 'show')) expect((await api.call(`GET ${url}/${NOBODY}`)).status).toBe(404);
      if (offers(declaration, 'update')) {
        const body = { [singularOf(declaration)]: { colour: 'red' } };
        expect((await api.call(`PUT ${url}/${id ?? NOBODY}`, { body })).status).toBeGreaterThanOrEqual(400);
      }
      if (offers(declaration, 'delete')) {
        expect((await api.call(`DELETE ${url}/${NOBODY}`)).status).toBe(404);
        if (id !== undefined) expect([declaration.kind, (await api.call(`DELETE ${url}/${id}`)).status]).toEqual([declaration.kind, 204]);
      }
    }
  });

  it('of derived collections are as it says', async () => {
    for (const { path, key, collection } of DERIVED) {
      const { json } = await api.call(`GET /v2.0/${path}`);
      const rows = (json as unknown as { readonly [name: string]: readonly Json[] })[collection] ?? [];
      if (key === null) continue;
      for (const row of rows) expect((await api.call(`GET /v2.0/${path}/${String(row[key])}`)).status).toBe(200);
      expect((await api.call(`GET /v2.0/${path}/${NOBODY}`)).status).toBe(404);
    }
  });

  it('of the documents, health and what is reached by other ways are as it says', async () => {
    const rule = made.qos_bandwidth_limit_rule;
    const lines = [
      'GET /',
      'GET /v2.0',
      'GET /v2.0/extensions',
      'GET /v2.0/extensions/qos',
      'GET /healthz',
      'GET /readyz',
      'GET /openapi.json',
      `GET /v2.0/qos/alias_bandwidth_limit_rules/${rule}`,
      `GET /v2.0/bgp-speakers/${made.bgp_speaker}/get_advertised_routes`,
      `GET /v2.0/bgp-speakers/${made.bgp_speaker}/bgp-dragents`,
      `GET /v2.0/agents/${agentIdOf('h1')}/bgp-drinstances`,
    ];
    for (const line of lines) expect([line, (await api.call(line)).status]).toEqual([line, 200]);
    const agent = { body: { agent: { description: 'changed' } } };
    expect((await api.call(`PUT /v2.0/agents/${agentIdOf('h1')}`, agent)).status).toBe(200);
    const alias = { body: { alias_bandwidth_limit_rule: { max_kbps: 2000 } } };
    expect((await api.call(`PUT /v2.0/qos/alias_bandwidth_limit_rules/${rule}`, alias)).status).toBe(200);
    expect((await api.call('GET /v2.0/extensions/nothing')).status).toBe(404);
    expect((await api.call('DELETE /v2.0/extensions')).status).toBe(405);
  });
});

describe('an answer that is not as the description says', () => {
  it('is noticed', async () => {
    const { createAnswerChecker } = await import('./answer-checker.js');
    const document = (await api.call('GET /openapi.json')).json as never;
    const troubleOf = createAnswerChecker(document);
    const answer = { method: 'GET', path: '/v2.0/availability_zones', query: '', status: 200 };
    const row = { name: 'nova', resource: 'router', state: 'available' };
    expect(troubleOf({ ...answer, text: JSON.stringify({ availability_zones: [row] }) })).toBeNull();
    expect(troubleOf({ ...answer, text: JSON.stringify({ availability_zones: [{ ...row, colour: 'red' }] }) })).toContain('additional');
    expect(troubleOf({ ...answer, text: JSON.stringify({ availability_zones: [{ ...row, state: 'lost' }] }) })).toContain('allowed values');
    expect(troubleOf({ ...answer, status: 202, text: '{}' })).toContain('202');
    expect(troubleOf({ ...answer, path: '/v2.0/nothing', text: '{}' })).toContain('not described');
    expect(troubleOf({ ...answer, status: 400, text: '{"error":"no"}' })).toContain('NeutronError');
  });
});

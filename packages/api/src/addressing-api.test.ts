import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';

/* Pools, availability and ready-made topologies as clients send them: api-ref v2; neutron `db/network_ip_availability_db.py`, `services/auto_allocate/db.py`. */

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi({ checksAnswers: true });
});
afterEach(async () => {
  await api.close();
  expect(api.bugs).toEqual([]);
});

type Json = { readonly [key: string]: unknown };

const BLUE = { 'x-project-id': 'blue', 'x-roles': 'member' };

const ask = async (
  line: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: Json; text: string }> => {
  const { status, json, text } = await api.call(line, { ...(body === undefined ? {} : { body }), headers });
  return { status, json, text };
};
const made = async (url: string, body: Json, headers: Record<string, string> = {}): Promise<Json & { readonly id: string }> => {
  const { status, json } = await ask(`POST ${url}`, body, headers);
  if (status !== 201) throw new Error(JSON.stringify(json));
  return Object.values(json)[0] as Json & { id: string };
};
const refusal = async (line: string, body?: unknown, headers: Record<string, string> = {}): Promise<string> => {
  const { status, json } = await ask(line, body, headers);
  return `${status} ${(json['NeutronError'] as { type?: string } | undefined)?.type ?? ''}`.trim();
};

describe('subnet pools and address scopes', () => {
  it('look as in Neutron: lengths are text', async () => {
    const scope = await made('/v2.0/address-scopes', { address_scope: { name: 's', ip_version: 4 } });
    expect(scope).toEqual({ id: scope.id, name: 's', tenant_id: 'admin', project_id: 'admin', ip_version: 4, shared: false });
    const pool = await made('/v2.0/subnetpools', {
      subnetpool: { name: 'p', prefixes: ['10.0.0.0/16'], default_prefixlen: '26', address_scope_id: scope.id },
    });
    expect(pool).toMatchObject({
      default_prefixlen: '26',
      min_prefixlen: '8',
      max_prefixlen: '32',
      ip_version: 4,
      default_quota: null,
      is_default: false,
      shared: false,
      prefixes: ['10.0.0.0/16'],
      tags: [],
      revision_number: 1,
    });
    expect((await ask('GET /v2.0/subnetpools?default_prefixlen=26&ip_version=4')).json['subnetpools']).toHaveLength(1);
    expect((await ask('GET /v2.0/subnetpools?default_prefixlen=27')).json['subnetpools']).toEqual([]);
    const network = await made('/v2.0/networks', { network: {} });
    const subnet = await made('/v2.0/subnets', { subnet: { network_id: network.id, ip_version: 4, subnetpool_id: pool.id } });
    expect(subnet).toMatchObject({ cidr: '10.0.0.0/26', subnetpool_id: pool.id });
    expect((await ask(`GET /v2.0/subnets?subnetpool_id=${pool.id}`)).json['subnets']).toHaveLength(1);
    expect((await ask(`GET /v2.0/networks/${network.id}`)).json['network']).toMatchObject({
      ipv4_address_scope: scope.id,
      ipv6_address_scope: null,
    });
    expect((await ask(`PUT /v2.0/subnetpools/${pool.id}/add_prefixes`, { prefixes: ['10.1.0.0/16'] })).json).toEqual({
      prefixes: ['10.0.0.0/15'],
    });
    expect(await refusal(`PUT /v2.0/subnetpools/${pool.id}/add_prefixes`, { prefixes: 'x' })).toBe('400 InvalidInput');
  });

  it('take a network’s subnets in, and answer a list of them', async () => {
    const pool = await made('/v2.0/subnetpools', { subnetpool: { name: 'p', prefixes: ['10.0.0.0/16'] } });
    const network = await made('/v2.0/networks', { network: {} });
    const subnet = await made('/v2.0/subnets', { subnet: { network_id: network.id, ip_version: 4, cidr: '10.9.0.0/24' } });
    const { status, text } = await ask(`PUT /v2.0/subnetpools/${pool.id}/onboard_network_subnets`, { network_id: network.id });
    expect([status, JSON.parse(text)]).toEqual([200, [{ id: subnet.id, cidr: '10.9.0.0/24' }]]);
  });

  it('address groups answer their actions with themselves', async () => {
    const group = await made('/v2.0/address-groups', { address_group: { name: 'g', addresses: ['10.0.0.0/8'] } });
    const added = await ask(`PUT /v2.0/address-groups/${group.id}/add_addresses`, { addresses: ['2001:db8::/32'] });
    expect(added.json['address_group']).toMatchObject({ id: group.id, addresses: ['10.0.0.0/8', '2001:db8::/32'] });
    // An address is its own prefix here, and what comes twice counts once.
    const removed = `PUT /v2.0/address-groups/${group.id}/remove_addresses`;
    expect(await refusal(removed, { addresses: ['10.200.200.200'] })).toBe('404 AddressesNotFound');
    expect(await refusal(removed, { addresses: ['nonsense'] })).toBe('400 InvalidInput');
    const twice = await ask(`PUT /v2.0/address-groups/${group.id}/add_addresses`, { addresses: ['192.0.2.1', '192.0.2.1/32'] });
    expect(twice.json['address_group']).toMatchObject({ addresses: ['10.0.0.0/8', '192.0.2.1/32', '2001:db8::/32'] });
    expect(await refusal(`PUT /v2.0/address-groups/${group.id}`, { address_group: { addresses: [] } })).toBe('400 HTTPBadRequest');
  });
});

describe('the availability of addresses', () => {
  it('counts pools and holders exactly, however large', async () => {
    const { id } = await made('/v2.0/networks', { network: { name: 'n' } });
    const subnet = async (ip_version: number, cidr: string): Promise<string> =>
      (await made('/v2.0/subnets', { subnet: { network_id: id, ip_version, cidr, name: cidr } })).id;
    const v4 = await subnet(4, '10.0.0.0/24');
    await subnet(6, '2001:db8::/64');
    await made('/v2.0/ports', { port: { network_id: id, fixed_ips: [{ subnet_id: v4 }, { subnet_id: v4 }] } });
    const { json, text } = await ask(`GET /v2.0/network-ip-availabilities/${id}`);
    expect(json['network_ip_availability']).toMatchObject({ network_id: id, network_name: 'n', used_ips: 2, project_id: 'admin' });
    expect(text).toMatch(/"total_ips":184467440737095518\d\d/);
    const list = async (query: string): Promise<number> =>
      ((await ask(`GET /v2.0/network-ip-availabilities?${query}`)).json['network_ip_availabilities'] as []).length;
    expect(
      await Promise.all([list(''), list('ip_version=4'), list('ip_version=5'), list('network_name=n'), list('network_name=m')]),
    ).toEqual([1, 1, 0, 1, 0]);
    const rows = (json['network_ip_availability'] as { subnet_ip_availability: Json[] }).subnet_ip_availability;
    expect(rows).toContainEqual({
      subnet_id: v4,
      ip_version: 4,
      cidr: '10.0.0.0/24',
      subnet_name: '10.0.0.0/24',
      used_ips: 2,
      total_ips: 253,
    });
    expect(await refusal('GET /v2.0/network-ip-availabilities/none')).toBe('404 NetworkNotFound');
  });
});

describe('ready-made topologies', () => {
  const URL = '/v2.0/auto-allocated-topology';
  const prepare = async (): Promise<void> => {
    const { id } = await made('/v2.0/networks', { network: { 'router:external': true, is_default: true } });
    await made('/v2.0/subnets', { subnet: { network_id: id, ip_version: 4, cidr: '203.0.113.0/24' } });
    await made('/v2.0/subnetpools', {
      subnetpool: { name: 'd4', prefixes: ['10.0.0.0/16'], default_prefixlen: 26, is_default: true, shared: true },
    });
    await made('/v2.0/subnetpools', { subnetpool: { name: 'd6', prefixes: ['2001:db8::/48'], is_default: true, shared: true } });
  };

  it('need a default external network and a default pool', async () => {
    expect(await refusal(`GET ${URL}/blue?fields=dry-run`, undefined, BLUE)).toBe('409 AutoAllocationFailure');
    await prepare();
    expect((await ask(`GET ${URL}/blue?fields=dry-run`, undefined, BLUE)).json).toEqual({
      auto_allocated_topology: { id: 'dry-run=pass', tenant_id: 'blue', project_id: 'blue' },
    });
    expect((await ask('GET /v2.0/networks', undefined, BLUE)).json['networks']).toHaveLength(1);
    expect(await refusal(`GET ${URL}/blue?fields=other`, undefined, BLUE)).toBe('400 BadRequest');
    expect(await refusal(`GET ${URL}/red`, undefined, BLUE)).toBe('403 PolicyNotAuthorized');
  });

  it('are a network with subnets of the default pools and a router outside, made once, and gone when deleted', async () => {
    await prepare();
    const { status, json } = await ask(`GET ${URL}/None`, undefined, BLUE);
    const { id } = json['auto_allocated_topology'] as { id: string };
    expect(status).toBe(200);
    expect((await ask(`GET ${URL}/blue`, undefined, BLUE)).json).toEqual(json);
    expect((await ask(`GET /v2.0/networks/${id}`, undefined, BLUE)).json['network']).toMatchObject({
      name: 'auto_allocated_network',
      project_id: 'blue',
    });
    const cidrs = ((await ask(`GET /v2.0/subnets?network_id=${id}`, undefined, BLUE)).json['subnets'] as { cidr: string }[]).map(
      ({ cidr }) => cidr,
    );
    expect(cidrs.sort()).toEqual(['10.0.0.0/26', '2001:db8::/64']);
    const routers = (await ask('GET /v2.0/routers', undefined, BLUE)).json['routers'] as { id: string; external_gateway_info: unknown }[];
    expect(routers).toMatchObject([{ name: 'auto_allocated_router' }]);
    expect(routers[0]?.external_gateway_info).not.toBeNull();
    const port = await made('/v2.0/ports', { port: { network_id: id } }, BLUE);
    expect(await refusal(`DELETE ${URL}/blue`, undefined, BLUE)).toBe('409 NetworkInUse');
    await ask(`DELETE /v2.0/ports/${port.id}`, undefined, BLUE);
    expect(await refusal(`DELETE ${URL}/blue`, undefined, BLUE)).toBe('204');
    expect((await ask('GET /v2.0/routers', undefined, BLUE)).json['routers']).toEqual([]);
    expect(await refusal(`DELETE ${URL}/blue`, undefined, BLUE)).toBe('204');
    expect(api.ledger.state.count('auto_allocated_topology')).toBe(0);
  });
});

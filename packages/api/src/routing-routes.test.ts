import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';

/** A resource as an answer shows it. */
type Shown = { readonly [name: string]: never };

let api: TestApi;

beforeEach(async () => {
  api = await openTestApi({ checksAnswers: true });
});

afterEach(async () => {
  await api.close();
  expect(api.bugs).toEqual([]);
});

const post = async (path: string, kind: string, body: object): Promise<Shown> => {
  const answer = await api.call(`POST /v2.0/${path}`, { body: { [kind]: body } });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.json[kind] as unknown as Shown;
};

const status = async (line: string, body?: unknown): Promise<string> => {
  const { status: code, json } = await api.call(line, body === undefined ? {} : { body });
  return json.NeutronError === undefined ? String(code) : `${code} ${json.NeutronError.type}`;
};

/** An external network, a tenant network with a port, and a router between them. */
const cloud = async (): Promise<{ external: string; subnet: string; port: Shown; router: Shown }> => {
  const external = await post('networks', 'network', { name: 'public', 'router:external': true });
  await post('subnets', 'subnet', { network_id: external['id'], ip_version: 4, cidr: '203.0.113.0/24' });
  const network = await post('networks', 'network', { name: 'private' });
  const subnet = await post('subnets', 'subnet', { network_id: network['id'], ip_version: 4, cidr: '10.0.0.0/24' });
  const port = await post('ports', 'port', { network_id: network['id'] });
  const router = await post('routers', 'router', { name: 'r1', external_gateway_info: { network_id: external['id'] } });
  return { external: external['id'] ?? '', subnet: subnet['id'] ?? '', port, router };
};

describe('routers over HTTP', () => {
  it('show what Neutron shows of a router with a gateway', async () => {
    const { external, router } = await cloud();
    const { json } = await api.call(`GET /v2.0/routers/${router['id']}`);
    expect(json['router']).toEqual({
      id: router['id'],
      name: 'r1',
      tenant_id: expect.any(String),
      project_id: expect.any(String),
      admin_state_up: true,
      status: 'ACTIVE',
      external_gateway_info: {
        network_id: external,
        enable_snat: true,
        external_fixed_ips: [{ subnet_id: expect.any(String), ip_address: expect.stringMatching(/^203\.0\.113\./) }],
      },
      routes: [],
      availability_zone_hints: [],
      availability_zones: ['nova'],
      distributed: false,
      ha: false,
      flavor_id: null,
      service_type_id: null,
      tags: [],
      description: '',
      created_at: expect.any(String),
      updated_at: expect.any(String),
      revision_number: 1,
    });
  });

  it('add and remove interfaces and routes as clients do', async () => {
    const { subnet, router } = await cloud();
    const url = `/v2.0/routers/${router['id']}`;
    const added = await api.call(`PUT ${url}/add_router_interface`, { body: { subnet_id: subnet } });
    expect(added.status).toBe(200);
    expect(added.json).toMatchObject({ id: router['id'], subnet_id: subnet, subnet_ids: [subnet], port_id: expect.any(String) });
    const routes = [{ destination: '192.0.2.0/24', nexthop: '10.0.0.200' }];
    const routed = await api.call(`PUT ${url}/add_extraroutes`, { body: { router: { routes } } });
    expect(routed.json['router']).toMatchObject({ id: router['id'], routes });
    expect(await status(`PUT ${url}/remove_router_interface`, { subnet_id: subnet })).toBe('409 RouterInterfaceInUseByRoute');
    expect(await status(`PUT ${url}`, { router: { routes: [] } })).toBe('200');
    expect(await status(`DELETE ${url}`)).toBe('409 RouterInUse');
    expect(await status(`PUT ${url}/remove_router_interface`, { port_id: added.json['port_id'] })).toBe('200');
    expect(await status(`DELETE ${url}`)).toBe('204');
    expect(await status(`GET ${url}`)).toBe('404 RouterNotFound');
    expect(await status(`PUT ${url}/add_router_interface`, { subnet_id: subnet })).toBe('404 RouterNotFound');
    expect(await status(`POST ${url}/add_router_interface`, {})).toBe('405 HTTPMethodNotAllowed');
  });

  it('filter ports and floating IPs by what hangs together', async () => {
    const { external, subnet, port, router } = await cloud();
    await api.call(`PUT /v2.0/routers/${router['id']}/add_router_interface`, { body: { subnet_id: subnet } });
    const floatingIp = await post('floatingips', 'floatingip', { floating_network_id: external, port_id: port['id'] });
    const count = async (line: string, collection: string): Promise<number> =>
      ((await api.call(`GET /v2.0/${line}`)).json[collection] as unknown as unknown[]).length;
    expect(await count(`ports?device_id=${router['id']}`, 'ports')).toBe(2);
    expect(await count(`ports?device_id=${router['id']}&device_owner=network:router_gateway`, 'ports')).toBe(1);
    for (const filter of [`port_id=${port['id']}`, `router_id=${router['id']}`, `floating_network_id=${external}`, 'status=DOWN']) {
      expect(await count(`floatingips?${filter}`, 'floatingips')).toBe(1);
    }
    expect(await count(`floatingips?floating_ip_address=${floatingIp['floating_ip_address']}`, 'floatingips')).toBe(1);
    expect(await count('floatingips?status=ACTIVE', 'floatingips')).toBe(0);
    expect(await count('floatingips?sort_key=status&sort_dir=asc', 'floatingips')).toBe(1);
    expect(await count('routers?name=r1&admin_state_up=true', 'routers')).toBe(1);
    expect(await count('floatingip_pools', 'floatingip_pools')).toBe(1);
    expect(await count('floatingip-pools', 'floatingip_pools')).toBe(1);
  });
});

describe('floating IPs and port forwardings over HTTP', () => {
  it('show what Neutron shows of a floating IP', async () => {
    const { external, subnet, port, router } = await cloud();
    await api.call(`PUT /v2.0/routers/${router['id']}/add_router_interface`, { body: { subnet_id: subnet } });
    const made = await post('floatingips', 'floatingip', { floating_network_id: external, port_id: port['id'] });
    expect(made).toEqual({
      id: expect.any(String),
      tenant_id: expect.any(String),
      project_id: expect.any(String),
      floating_network_id: external,
      floating_ip_address: expect.stringMatching(/^203\.0\.113\./),
      router_id: router['id'],
      port_id: port['id'],
      fixed_ip_address: expect.stringMatching(/^10\.0\.0\./),
      status: 'DOWN',
      dns_name: '',
      dns_domain: '',
      qos_policy_id: null,
      qos_network_policy_id: null,
      port_details: {
        name: '',
        network_id: port['network_id'],
        mac_address: port['mac_address'],
        admin_state_up: true,
        status: 'DOWN',
        device_id: '',
        device_owner: '',
      },
      port_forwardings: [],
      tags: [],
      description: '',
      created_at: expect.any(String),
      updated_at: expect.any(String),
      revision_number: 1,
    });
  });

  it('forward ports under their floating IP, and only there', async () => {
    const { external, subnet, port, router } = await cloud();
    await api.call(`PUT /v2.0/routers/${router['id']}/add_router_interface`, { body: { subnet_id: subnet } });
    const fip = await post('floatingips', 'floatingip', { floating_network_id: external });
    const other = await post('floatingips', 'floatingip', { floating_network_id: external });
    const url = `floatingips/${fip['id']}/port_forwardings`;
    const [fixed] = port['fixed_ips'] as unknown as { ip_address: string }[];
    const body = {
      protocol: 'tcp',
      internal_port_id: port['id'],
      internal_ip_address: fixed?.ip_address,
      internal_port: '22',
      external_port: 2222,
    };
    const made = await post(url, 'port_forwarding', body);
    expect(made).toEqual({
      ...body,
      id: expect.any(String),
      internal_port: 22,
      internal_port_range: '22:22',
      external_port_range: '2222:2222',
      description: '',
    });
    const list = async (query: string) => (await api.call(`GET /v2.0/${url}${query}`)).json['port_forwardings'];
    expect(await list('')).toEqual([made]);
    expect(await list('?external_port=2222&protocol=TCP')).toEqual([made]);
    expect(await list('?external_port=1')).toEqual([]);
    expect(await list('?external_port_range=2222:2222&fields=id')).toEqual([{ id: made['id'] }]);
    expect(await status(`GET /v2.0/${url}?internal_port=22`)).toBe('400 HTTPBadRequest');
    expect(await status(`GET /v2.0/floatingips/${other['id']}/port_forwardings/${made['id']}`)).toBe('404 PortForwardingNotFound');
    expect(await status(`GET /v2.0/floatingips/${router['id']}/port_forwardings`)).toBe('404 FloatingIPNotFound');
    expect(await status(`PUT /v2.0/${url}/${made['id']}`, { port_forwarding: { external_port_range: '2223' } })).toBe('200');
    expect(await status(`DELETE /v2.0/floatingips/${fip['id']}`)).toBe('409 FipInUseByPortForwarding');
    expect(await status(`DELETE /v2.0/${url}/${made['id']}`)).toBe('204');
    expect(await status(`DELETE /v2.0/floatingips/${fip['id']}`)).toBe('204');
  });

  it("a project's routers, floating IPs and forwardings are its members' to see and use, and nobody else's", async () => {
    const { external } = await cloud();
    const as = (project: string) => ({ 'x-project-id': project, 'x-roles': 'member,reader' });
    const blue = async (line: string, body?: unknown) =>
      (await api.call(line, { headers: as('blue'), ...(body === undefined ? {} : { body }) })).json as unknown as Record<string, Shown>;
    const network = (await blue('POST /v2.0/networks', { network: {} }))['network'] as Shown;
    const subnet = await blue('POST /v2.0/subnets', { subnet: { network_id: network['id'], ip_version: 4, cidr: '10.5.0.0/24' } });
    const port = (await blue('POST /v2.0/ports', { port: { network_id: network['id'] } }))['port'] as Shown;
    const gateway = { router: { external_gateway_info: { network_id: external } } };
    const router = (await blue('POST /v2.0/routers', gateway))['router'] as Shown;
    expect(router).not.toHaveProperty('distributed');
    expect(router).not.toHaveProperty('ha');
    await blue(`PUT /v2.0/routers/${router['id']}/add_router_interface`, { subnet_id: subnet['subnet']?.['id'] });
    const fip = (await blue('POST /v2.0/floatingips', { floatingip: { floating_network_id: external } }))['floatingip'] as Shown;
    const url = `/v2.0/floatingips/${fip['id']}/port_forwardings`;
    const [fixed] = port['fixed_ips'] as unknown as { ip_address: string }[];
    const wish = {
      protocol: 'udp',
      internal_port_id: port['id'],
      internal_ip_address: fixed?.ip_address,
      internal_port: 53,
      external_port: 53,
    };
    const made = (await blue(`POST ${url}`, { port_forwarding: wish }))['port_forwarding'] as Shown;
    expect((await blue(`GET ${url}`))['port_forwardings']).toEqual([made]);
    expect((await blue('GET /v2.0/floatingips'))['floatingips']).toHaveLength(1);
    expect((await blue('GET /v2.0/floatingip_pools'))['floatingip_pools']).toMatchObject([{ network_id: external, tenant_id: 'blue' }]);
    for (const line of [
      `GET ${url}`,
      `GET ${url}/${made['id']}`,
      `DELETE /v2.0/floatingips/${fip['id']}`,
      `GET /v2.0/routers/${router['id']}`,
    ]) {
      expect((await api.call(line, { headers: as('red') })).status).toBe(404);
    }
    for (const kind of ['floatingips', 'routers']) {
      expect((await api.call(`GET /v2.0/${kind}`, { headers: as('red') })).json).toEqual({ [kind]: [] });
    }
  });

  it('all extensions of routing are listed, and none that means nothing here', async () => {
    const { json } = await api.call('GET /v2.0/extensions');
    const aliases = (json['extensions'] as unknown as { alias: string }[]).map(({ alias }) => alias);
    expect(aliases).toEqual(
      expect.arrayContaining(['router', 'ext-gw-mode', 'extraroute', 'extraroute-atomic', 'floating-ip-port-forwarding']),
    );
    for (const alias of ['dvr', 'l3-ha', 'l3-flavors', 'qos-gateway-ip', 'l3-ndp-proxy', 'external-gateway-multihoming']) {
      expect(aliases).not.toContain(alias);
    }
  });
});

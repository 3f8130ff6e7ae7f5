import { createPolicy, DEFAULT_POLICY, isPolicy, type Policy, type PolicyOptions } from '@manx/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi, testContext } from './api-fixture.js';

const made = (overrides: NonNullable<PolicyOptions['overrides']>): Policy => {
  const policy = createPolicy({ overrides });
  if (!isPolicy(policy)) throw new Error(policy.map(({ detail }) => detail).join('; '));
  return policy;
};
const as = (role: string, project: string): { headers: Record<string, string> } => ({
  headers: { 'x-roles': role, 'x-project-id': project },
});

describe('the operator’s own rules', () => {
  let api: TestApi;
  const open = async (overrides: NonNullable<PolicyOptions['overrides']>): Promise<void> => {
    const policy = made(overrides);
    api = await openTestApi({ policy, context: () => ({ ...testContext(), policy }) });
  };
  const makeNetwork = async (body: object, who = as('member', 'blue')): Promise<{ status: number; id: string; message: string }> => {
    const { status, json } = await api.call('POST /v2.0/networks', { ...who, body: { network: body } });
    return { status, id: (json['network'] as { id: string } | undefined)?.id ?? '', message: json.NeutronError?.message ?? '' };
  };
  const namesFor = async (who: { headers: Record<string, string> }): Promise<string[]> => {
    const { json } = await api.call('GET /v2.0/networks', who);
    return (json['networks'] as unknown as readonly { name: string }[]).map(({ name }) => name);
  };
  afterEach(async () => {
    expect(api.bugs).toEqual([]);
    await api.close();
  });

  it('make visible what no index of the server knows of', async () => {
    await open({ get_network: "rule:admin_only or 'public':%(name)s" });
    for (const name of ['public', 'private']) expect((await makeNetwork({ name })).status).toBe(201);
    expect(await namesFor(as('reader', 'red'))).toEqual(['public']);
    expect(await namesFor(as('member', 'blue'))).toEqual(['public']);
  });

  it('let somebody else do what was for administrators', async () => {
    await open({ 'create_network:shared': 'role:sharer' });
    expect(await makeNetwork({ shared: true })).toMatchObject({
      status: 403,
      message: '(rule:create_network and rule:create_network:shared) is disallowed by policy',
    });
    expect((await makeNetwork({ shared: true }, as('member,sharer', 'blue'))).status).toBe(201);
  });

  it('a refusal names every rule that was asked, in oslo.policy’s words', async () => {
    await open({});
    const message = async (path: string, body: object): Promise<string | undefined> =>
      (await api.call(`POST /v2.0/${path}`, { ...as('member', 'blue'), body })).json.NeutronError?.message;
    expect(await message('networks', { network: { shared: true, 'router:external': true, port_security_enabled: false } })).toBe(
      '(((rule:create_network and rule:create_network:shared) and rule:create_network:router:external) and rule:create_network:port_security_enabled) is disallowed by policy',
    );
    const { id } = await makeNetwork({});
    expect(await message('routers', { router: { external_gateway_info: { network_id: id, enable_snat: true } } })).toBe(
      '(rule:create_router and (rule:create_router:external_gateway_info and (rule:create_router:external_gateway_info:network_id and rule:create_router:external_gateway_info:enable_snat))) is disallowed by policy',
    );
    expect(await message('segments', { segment: { network_id: id, network_type: 'local' } })).toBe(
      'rule:create_segment is disallowed by policy',
    );
  });

  it('hide an attribute, and by resource where the rule says so', async () => {
    await open({ 'get_network:mtu': '!', 'get_network:name': 'rule:admin_only or rule:owner' });
    const { id } = await makeNetwork({ name: 'n' });
    await api.call('POST /v2.0/rbac-policies', {
      ...as('member', 'blue'),
      body: { rbac_policy: { object_type: 'network', object_id: id, action: 'access_as_shared', target_tenant: 'red' } },
    });
    const shown = async (project: string): Promise<object> =>
      (await api.call(`GET /v2.0/networks/${id}`, as('reader', project))).json['network'] ?? {};
    expect(await shown('blue')).toMatchObject({ id, name: 'n' });
    expect(await shown('blue')).not.toHaveProperty('mtu');
    expect(await shown('red')).toMatchObject({ id });
    expect(await shown('red')).not.toHaveProperty('name');
  });

  it('say who is an administrator, everywhere', async () => {
    await open({ context_is_admin: 'role:boss' });
    await makeNetwork({ name: 'n' });
    expect(await namesFor(as('boss', 'ops'))).toEqual(['n']);
    expect(await namesFor(as('admin', 'ops'))).toEqual([]);
    expect((await makeNetwork({ name: 'o', project_id: 'green' }, as('boss', 'ops'))).status).toBe(201);
    expect((await makeNetwork({ name: 'o', project_id: 'green' }, as('admin', 'ops'))).status).toBe(400);
  });
});

/** Rules beside those of actions: what a project of its own may do with what belongs to another, by no word of an administrator's but the file's. */
describe('rules beside an action’s own, which Neutron keeps in its code', () => {
  let api: TestApi;
  const red = as('member,helper', 'red');
  const open = async (overrides: NonNullable<PolicyOptions['overrides']>): Promise<void> => {
    // What is another's is seen by all here, so that it can be asked for.
    const seen = ['network', 'subnet', 'port', 'router', 'security_group', 'address_scope', 'floatingip'].map((kind) => `get_${kind}`);
    const policy = made({
      ...Object.fromEntries(seen.map((name) => [name, '@'])),
      delete_port: 'role:member',
      create_address_group: '@',
      ...overrides,
    });
    api = await openTestApi({ policy, context: () => ({ ...testContext(), policy }) });
  };
  const call = async (line: string, body: object | undefined, who = as('member', 'blue')): Promise<{ status: number; made: Made }> => {
    const { status, json } = await api.call(line, { ...who, ...(body === undefined ? {} : { body }) });
    return { status, made: (Object.values(json)[0] ?? {}) as Made };
  };
  type Made = { readonly id: string; readonly floating_ip_address: string; readonly fixed_ips: readonly { readonly ip_address: string }[] };
  const post = async (path: string, body: object, who = as('member', 'blue')): Promise<Made> => {
    const { status, made: one } = await call(`POST /v2.0/${path}`, body, who);
    expect([path, status]).toEqual([path, 201]);
    return one;
  };
  /** A network of blue's with a subnet, a router outside and a port. */
  const blues = async (): Promise<{ network: string; subnet: string; router: string; port: Made; outside: string }> => {
    const outside = (await post('networks', { network: { 'router:external': true } }, as('admin', 'ops'))).id;
    await post('subnets', { subnet: { network_id: outside, ip_version: 4, cidr: '203.0.113.0/24' } }, as('admin', 'ops'));
    const network = (await post('networks', { network: {} })).id;
    const subnet = (await post('subnets', { subnet: { network_id: network, ip_version: 4, cidr: '10.0.0.0/24' } })).id;
    const router = (await post('routers', { router: { external_gateway_info: { network_id: outside } } })).id;
    return { network, subnet, router, port: await post('ports', { port: { network_id: network } }), outside };
  };
  /** What red's own network has. */
  const redPort = async (): Promise<{ network: string; id: string }> => {
    const network = (await post('networks', { network: {} }, red)).id;
    await post('subnets', { subnet: { network_id: network, ip_version: 4, cidr: '10.9.0.0/24' } }, red);
    return { network, id: (await post('ports', { port: { network_id: network } }, red)).id };
  };
  afterEach(async () => {
    expect(api.bugs).toEqual([]);
    await api.close();
  });

  /** Each rule, the status of its refusal, and what red does that it is asked about. */
  const cases: readonly [rule: string, refused: number, does: () => Promise<number>][] = [
    [
      'create_for_foreign_project',
      400,
      async () => (await call('POST /v2.0/address-groups', { address_group: { name: 'a', project_id: 'green' } }, red)).status,
    ],
    [
      'add_router_interface:foreign_subnet',
      400,
      async () => {
        const { subnet } = await blues();
        const router = (await post('routers', { router: {} }, red)).id;
        return (await call(`PUT /v2.0/routers/${router}/add_router_interface`, { subnet_id: subnet }, red)).status;
      },
    ],
    [
      'set_floatingip:foreign_port',
      400,
      async () => {
        const { subnet, router, port, outside } = await blues();
        await call(`PUT /v2.0/routers/${router}/add_router_interface`, { subnet_id: subnet });
        return (await call('POST /v2.0/floatingips', { floatingip: { floating_network_id: outside, port_id: port.id } }, red)).status;
      },
    ],
    [
      'delete_port:foreign_floatingip',
      409,
      async () => {
        const { subnet, router, port, outside } = await blues();
        await call(`PUT /v2.0/routers/${router}/add_router_interface`, { subnet_id: subnet });
        await post('floatingips', { floatingip: { floating_network_id: outside, port_id: port.id } });
        return (await call(`DELETE /v2.0/ports/${port.id}`, undefined, red)).status;
      },
    ],
    [
      'set_port:foreign_security_group',
      404,
      async () => {
        const group = (await post('security-groups', { security_group: { name: 'g' } })).id;
        const { id } = await redPort();
        return (await call(`PUT /v2.0/ports/${id}`, { port: { security_groups: [group] } }, red)).status;
      },
    ],
    [
      'set_port:foreign_address_pair',
      400,
      async () => {
        const { port } = await blues();
        const { id } = await redPort();
        const pairs = [{ ip_address: port.fixed_ips[0]?.ip_address }];
        return (await call(`PUT /v2.0/ports/${id}`, { port: { allowed_address_pairs: pairs } }, red)).status;
      },
    ],
    [
      'delete_security_group:default',
      409,
      async () => {
        const { made: groups } = await call('GET /v2.0/security-groups', undefined, red);
        const [group] = groups as unknown as readonly Made[];
        return (await call(`DELETE /v2.0/security-groups/${group?.id}`, undefined, red)).status;
      },
    ],
    [
      'set_rbac_policy:foreign_object',
      400,
      async () => {
        const { id } = await post('networks', { network: {} });
        const sharing = { object_type: 'network', object_id: id, action: 'access_as_shared', target_tenant: 'green' };
        return (await call('POST /v2.0/rbac-policies', { rbac_policy: sharing }, red)).status;
      },
    ],
    [
      'set_subnetpool:foreign_address_scope',
      400,
      async () => {
        const scope = (await post('address-scopes', { address_scope: { name: 's', ip_version: 4 } })).id;
        const wanted = { name: 'p', prefixes: ['10.50.0.0/16'], address_scope_id: scope };
        const pool = (await post('subnetpools', { subnetpool: wanted }, red)).id;
        return (await call(`PUT /v2.0/subnetpools/${pool}`, { subnetpool: { name: 'q' } }, red)).status;
      },
    ],
    [
      'onboard_network_subnets:foreign_network',
      403,
      async () => {
        const { network } = await blues();
        const pool = (await post('subnetpools', { subnetpool: { name: 'p', prefixes: ['10.50.0.0/16'] } }, red)).id;
        return (await call(`PUT /v2.0/subnetpools/${pool}/onboard_network_subnets`, { network_id: network }, red)).status;
      },
    ],
    ['get_rule_type:details', 403, async () => (await call('GET /v2.0/qos/rule-types/dscp_marking', undefined, red)).status],
    ['get_quota:details', 403, async () => (await call('GET /v2.0/quotas/blue/details', undefined, red)).status],
  ];

  it.each(cases)('%s: refused, and done where the file says so', async (rule, refused, does) => {
    await open({});
    expect(await does()).toBe(refused);
    await api.close();
    await open({ [rule]: 'role:helper' });
    expect(await does()).toBeLessThan(300);
  });

  it('set_port:foreign_router: refused, and done where the file says so', async () => {
    const does = async (): Promise<number> => {
      const { router } = await blues();
      const { id } = await redPort();
      const port = { device_owner: 'network:router_interface', device_id: router };
      return (await call(`PUT /v2.0/ports/${id}`, { port }, red)).status;
    };
    await open({ 'update_port:device_owner': '@' });
    expect(await does()).toBe(409);
    await api.close();
    await open({ 'update_port:device_owner': '@', 'set_port:foreign_router': 'role:helper' });
    expect(await does()).toBe(200);
  });

  it('every one of them is tried here', () => {
    const beside = Object.entries(DEFAULT_POLICY).flatMap(([name, { scope }]) => (scope === 'beside' ? [name] : []));
    expect([...cases.map(([rule]) => rule), 'set_port:foreign_router'].toSorted()).toEqual(beside.toSorted());
  });

  it('whoever sees nobody’s groups but the own makes no default group for another project', async () => {
    await open({ get_security_group: 'rule:owner' });
    await call('GET /v2.0/security-groups?project_id=blue', undefined, red);
    expect(api.ledger.state.count('security_group')).toBe(0);
    await api.close();
    await open({ get_security_group: 'role:helper' });
    await call('GET /v2.0/security-groups?project_id=blue', undefined, red);
    expect([...api.ledger.state.all('security_group')].map(({ project_id }) => project_id)).toEqual(['blue']);
  });

  it('topologies of other projects, and what is outside, are seen by the rules about them', async () => {
    await open({ get_auto_allocated_topology: 'role:helper', get_network: 'rule:owner', get_floatingip_pool: '@' });
    const { status } = await call('GET /v2.0/auto-allocated-topology/green?fields=dry-run', undefined, red);
    expect(status).not.toBe(403);
    await post('networks', { network: { 'router:external': true } }, as('admin', 'ops')).then(({ id }) =>
      post('subnets', { subnet: { network_id: id, ip_version: 4, cidr: '203.0.113.0/24' } }, as('admin', 'ops')),
    );
    const pools = async (who: typeof red): Promise<unknown> => (await call('GET /v2.0/floatingip_pools', undefined, who)).made;
    expect(await pools(red)).toEqual([]);
    expect(await pools(as('admin', 'ops'))).toHaveLength(1);
  });
});

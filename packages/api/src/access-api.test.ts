import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';

/* Quotas, tags, templates and sharing as clients send them: api-ref v2, and neutron `extensions/{quotasv2,quotasv2_detail,tagging,rbac}.py`. */

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
const RED = { 'x-project-id': 'red', 'x-roles': 'member' };

const ask = async (line: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; json: Json }> => {
  const { status, json } = await api.call(line, { ...(body === undefined ? {} : { body }), headers });
  return { status, json };
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

const DEFAULTS = {
  floatingip: 50,
  network: 100,
  port: 500,
  rbac_policy: 10,
  router: 10,
  security_group: 10,
  security_group_rule: 100,
  subnet: 100,
  subnetpool: -1,
};

describe('quotas', () => {
  it('are Neutron’s until an administrator sets some, and again when those are deleted', async () => {
    expect(await ask('GET /v2.0/quotas/blue')).toEqual({ status: 200, json: { quota: DEFAULTS } });
    expect(await ask('GET /v2.0/quotas/blue.json', undefined, BLUE)).toEqual({ status: 200, json: { quota: DEFAULTS } });
    expect((await ask('GET /v2.0/quotas')).json).toEqual({ quotas: [] });
    expect(await ask('PUT /v2.0/quotas/blue', { quota: { network: 2, port: '7' } })).toEqual({
      status: 200,
      json: { quota: { ...DEFAULTS, network: 2, port: 7 } },
    });
    expect((await ask('GET /v2.0/quotas')).json).toEqual({
      quotas: [{ ...DEFAULTS, network: 2, port: 7, project_id: 'blue', tenant_id: 'blue' }],
    });
    expect((await ask('GET /v2.0/quotas/blue/default')).json).toEqual({ quota: DEFAULTS });
    expect(await refusal('DELETE /v2.0/quotas/blue')).toBe('204');
    expect(await refusal('DELETE /v2.0/quotas/blue')).toBe('404 TenantQuotaNotFound');
    expect((await ask('GET /v2.0/quotas/blue')).json).toEqual({ quota: DEFAULTS });
  });

  it('are the own project’s to see, and nobody’s but an administrator’s to set', async () => {
    expect(await refusal('GET /v2.0/quotas/red', undefined, BLUE)).toBe('403 PolicyNotAuthorized');
    expect(await refusal('GET /v2.0/quotas', undefined, BLUE)).toBe('403 PolicyNotAuthorized');
    expect(await refusal('PUT /v2.0/quotas/blue', { quota: { network: 9 } }, BLUE)).toBe('403 PolicyNotAuthorized');
    expect(await refusal('DELETE /v2.0/quotas/blue', undefined, BLUE)).toBe('403 PolicyNotAuthorized');
    expect(await refusal('GET /v2.0/quotas/red/details', undefined, BLUE)).toBe('403 AdminRequired');
    expect((await ask('GET /v2.0/quotas/tenant', undefined, BLUE)).json).toEqual({ tenant: { tenant_id: 'blue' } });
    expect((await ask('GET /v2.0/quotas/project', undefined, BLUE)).json).toEqual({ project: { project_id: 'blue' } });
  });

  it('refuse names and numbers that are none', async () => {
    const put = (quota: unknown): Promise<string> => refusal('PUT /v2.0/quotas/blue', { quota });
    expect(await put({ networks: 1 })).toBe('400 HTTPBadRequest');
    expect(await put({ network: -2 })).toBe('400 HTTPBadRequest');
    expect(await put({ network: 2 ** 31 })).toBe('400 HTTPBadRequest');
    expect(await put({ network: 'many' })).toBe('400 InvalidInput');
    expect(await put({ network: null })).toBe('400 InvalidInput');
    expect(await put(undefined)).toBe('400 HTTPBadRequest');
    expect(await refusal('POST /v2.0/quotas', {})).toBe('405 HTTPMethodNotAllowed');
  });

  it('are exact, for one and for many at once, and named in the refusal', async () => {
    await ask('PUT /v2.0/quotas/blue', { quota: { network: 2, security_group: 2 } });
    await made('/v2.0/networks', { network: {} }, BLUE);
    expect(await refusal('POST /v2.0/networks', { networks: [{ name: 'a' }, { name: 'b' }] }, BLUE)).toBe('409 OverQuota');
    expect((await ask('GET /v2.0/networks', undefined, BLUE)).json['networks']).toHaveLength(1);
    await made('/v2.0/networks', { network: {} }, BLUE);
    const { json } = await ask('POST /v2.0/networks', { network: {} }, BLUE);
    expect(json['NeutronError']).toMatchObject({ type: 'OverQuota', message: "Quota exceeded for resources: ['network']." });
    // The default group counts, as in Neutron.
    await made('/v2.0/security-groups', { security_group: { name: 'g' } }, BLUE);
    expect(await refusal('POST /v2.0/security-groups', { security_group: { name: 'h' } }, BLUE)).toBe('409 OverQuota');
    expect((await ask('GET /v2.0/quotas/blue/details.json', undefined, BLUE)).json['quota']).toMatchObject({
      network: { limit: 2, used: 2, reserved: 0 },
      security_group: { limit: 2, used: 2, reserved: 0 },
      security_group_rule: { limit: 100, used: 6, reserved: 0 },
    });
    // An administrator is limited by the owner's quota, not by an own one.
    expect(await refusal('POST /v2.0/networks', { network: { project_id: 'blue' } })).toBe('409 OverQuota');
    expect(await refusal('POST /v2.0/networks', { network: {} })).toBe('201');
  });

  it('may be set below what is used, unless told to check (`quota-check-limit`)', async () => {
    for (const name of ['a', 'b']) await made('/v2.0/networks', { network: { name } }, BLUE);
    const { status, json } = await ask('PUT /v2.0/quotas/blue', { quota: { network: 1, check_limit: true } });
    expect([status, (json['NeutronError'] as Json)['message']]).toEqual([
      400,
      'Quota limit 1 for network must be greater than or equal to already used 2',
    ]);
    expect(await refusal('PUT /v2.0/quotas/blue', { quota: { network: -1, check_limit: true } })).toBe('200');
    expect(await refusal('PUT /v2.0/quotas/blue', { quota: { network: 1 } })).toBe('200');
    expect(await refusal('POST /v2.0/networks', { network: {} }, BLUE)).toBe('409 OverQuota');
  });

  it('begin at what the operator has set', async () => {
    await api.close();
    const { testContext } = await import('./api-fixture.js');
    const base = testContext();
    api = await openTestApi({
      context: () => ({ ...testContext(), settings: { ...base.settings, quotas: { network: 1, subnetpool: 3 } } }),
    });
    expect((await ask('GET /v2.0/quotas/blue')).json).toEqual({ quota: { ...DEFAULTS, network: 1, subnetpool: 3 } });
    await made('/v2.0/networks', { network: {} }, BLUE);
    expect(await refusal('POST /v2.0/networks', { network: {} }, BLUE)).toBe('409 OverQuota');
  });
});

describe('tags', () => {
  const kinds: readonly [string, string, Json][] = [
    ['networks', 'network', {}],
    ['security-groups', 'security_group', { name: 'g' }],
    ['subnetpools', 'subnetpool', { name: 'p', prefixes: ['10.0.0.0/8'] }],
    ['routers', 'router', {}],
    ['qos/policies', 'policy', { name: 'q' }],
  ];

  it.each(kinds)('of %s are set, added, looked at and taken away', async (path, key, body) => {
    const { id } = await made(`/v2.0/${path}`, { [key]: body });
    const url = `/v2.0/${path}/${id}/tags`;
    const revision = async (): Promise<number> =>
      ((await ask(`GET /v2.0/${path}/${id}`)).json[key] as { revision_number: number }).revision_number;
    const first = await revision();
    expect(await ask(`GET ${url}`)).toEqual({ status: 200, json: { tags: [] } });
    expect(await ask(`PUT ${url}`, { tags: ['red', 'blue'] })).toEqual({ status: 200, json: { tags: ['blue', 'red'] } });
    expect(await revision()).toBe(first + 1);
    expect(await refusal(`PUT ${url}/green`)).toBe('201');
    expect(await refusal(`PUT ${url}/green`)).toBe('201');
    expect(await refusal(`POST ${url}`, { tags: ['grey', 'red'] })).toBe('201');
    expect(((await ask(`GET /v2.0/${path}/${id}`)).json[key] as Json)['tags']).toEqual(['blue', 'green', 'grey', 'red']);
    expect(await refusal(`GET ${url}/green`)).toBe('204');
    expect(await refusal(`GET ${url}/black`)).toBe('404 TagNotFound');
    expect(await refusal(`DELETE ${url}/green`)).toBe('204');
    expect(await refusal(`DELETE ${url}/green`)).toBe('404 TagNotFound');
    expect(await refusal(`DELETE ${url}`)).toBe('204');
    expect((await ask(`GET ${url}`)).json).toEqual({ tags: [] });
  });

  it('filter every list in four ways', async () => {
    const tagged = async (name: string, tags: readonly string[]): Promise<void> => {
      const { id } = await made('/v2.0/networks', { network: { name } });
      await ask(`PUT /v2.0/networks/${id}/tags`, { tags });
    };
    await tagged('none', []);
    await tagged('a', ['a']);
    await tagged('ab', ['a', 'b']);
    await tagged('b', ['b']);
    const names = async (query: string): Promise<string[]> =>
      ((await ask(`GET /v2.0/networks?${query}`)).json['networks'] as { name: string }[]).map(({ name }) => name).sort();
    expect(await names('tags=a')).toEqual(['a', 'ab']);
    expect(await names('tags=a,b')).toEqual(['ab']);
    expect(await names('tags=a&tags=b')).toEqual(['ab']);
    expect(await names('tags-any=a,b')).toEqual(['a', 'ab', 'b']);
    expect(await names('not-tags=a,b')).toEqual(['a', 'b', 'none']);
    expect(await names('not-tags-any=a,b')).toEqual(['none']);
    expect(await names('tags=a&not-tags=b')).toEqual(['a']);
  });

  it('are texts of a sensible length and number, none twice, for who may change the resource', async () => {
    const { id } = await made('/v2.0/networks', { network: { shared: true } });
    const url = `/v2.0/networks/${id}/tags`;
    const many = Array.from({ length: 51 }, (_, at) => `t${at}`);
    expect(await refusal(`PUT ${url}`, { tags: many })).toBe('400 BadRequest');
    expect(await refusal(`PUT ${url}`, { tags: many.slice(1) })).toBe('200');
    expect(await refusal(`PUT ${url}/more`)).toBe('400 BadRequest');
    expect(await refusal(`PUT ${url}`, { tags: ['x'.repeat(256)] })).toBe('400 InvalidInput');
    expect(await refusal(`PUT ${url}`, { tags: ['x', 'x'] })).toBe('400 InvalidInput');
    expect(await refusal(`PUT ${url}`, { tags: 'x' })).toBe('400 InvalidInput');
    expect(await refusal(`PUT ${url}`, { tags: [1] })).toBe('400 InvalidInput');
    expect(await refusal(`PUT ${url}`, {})).toBe('400 InvalidInput');
    expect(await refusal(`PUT ${url}/${'x'.repeat(256)}`)).toBe('400 InvalidInput');
    expect(await refusal(`PUT ${url}/x`, undefined, BLUE)).toBe('403 PolicyNotAuthorized');
    expect(await refusal(`GET ${url}`, undefined, BLUE)).toBe('200');
    const own = await made('/v2.0/networks', { network: {} }, RED);
    expect(await refusal(`GET /v2.0/networks/${own.id}/tags`, undefined, BLUE)).toBe('404 NetworkNotFound');
    expect(await refusal(`PUT /v2.0/networks/${own.id}/tags/x`, undefined, BLUE)).toBe('404 NetworkNotFound');
  });
});

describe('templates of security group rules', () => {
  const URL = '/v2.0/default-security-group-rules';
  type Template = Json & { readonly id: string; readonly direction: string; readonly used_in_non_default_sg: boolean };
  const templates = async (): Promise<readonly Template[]> => (await ask(`GET ${URL}`)).json['default_security_group_rules'] as Template[];
  const rulesOf = async (headers: Record<string, string>, name: string): Promise<unknown> => {
    await made('/v2.0/security-groups', { security_group: { name } }, headers);
    const { json } = await ask(`GET /v2.0/security-groups?name=${name}`, undefined, headers);
    const [group] = json['security_groups'] as { security_group_rules: readonly { direction: string; protocol: string | null }[] }[];
    return group?.security_group_rules.map(({ direction, protocol }) => `${direction} ${protocol}`).sort();
  };

  it('are Neutron’s four at first, and what new groups begin with', async () => {
    const all = await templates();
    expect(all.map(({ direction, used_in_non_default_sg: other }) => `${direction} ${other}`).sort()).toEqual([
      'egress true',
      'egress true',
      'ingress false',
      'ingress false',
    ]);
    const [first] = all;
    expect((await ask(`GET ${URL}/${first?.id}`)).json['default_security_group_rule']).toEqual(first);
    expect(await rulesOf(BLUE, 'plain')).toEqual(['egress null', 'egress null']);
    const draft = {
      direction: 'ingress',
      protocol: 'tcp',
      port_range_min: 22,
      port_range_max: 22,
      used_in_default_sg: false,
      used_in_non_default_sg: true,
    };
    await made(URL, { default_security_group_rule: draft });
    expect(await refusal(`POST ${URL}`, { default_security_group_rule: draft })).toBe('409 DefaultSecurityGroupRuleExists');
    expect(await rulesOf(BLUE, 'ssh')).toEqual(['egress null', 'egress null', 'ingress tcp']);
  });

  it('may all be deleted: groups begin with nothing then, and Neutron’s do not come back', async () => {
    for (const { id } of await templates()) expect(await refusal(`DELETE ${URL}/${id}`)).toBe('204');
    expect(await templates()).toEqual([]);
    expect(await rulesOf(RED, 'bare')).toEqual([]);
    const { id } = await made(URL, {
      default_security_group_rule: { direction: 'egress', used_in_default_sg: true, used_in_non_default_sg: true },
    });
    expect((await templates()).map((template) => template.id)).toEqual([id]);
    expect(await refusal(`PUT ${URL}/${id}`, {})).toBe('405 HTTPMethodNotAllowed');
  });

  it('are everybody’s to see and administrators’ to make, and make sense as rules', async () => {
    const post = (values: Json, headers = {}): Promise<string> =>
      refusal(
        `POST ${URL}`,
        { default_security_group_rule: { direction: 'ingress', used_in_default_sg: true, used_in_non_default_sg: true, ...values } },
        headers,
      );
    expect(await post({ protocol: 'udp' }, BLUE)).toBe('403 PolicyNotAuthorized');
    expect(await refusal(`GET ${URL}`, undefined, BLUE)).toBe('200');
    expect(await post({ port_range_min: 1, port_range_max: 2 })).toBe('400 SecurityGroupProtocolRequiredWithPorts');
    expect(await post({ remote_ip_prefix: '10.0.0.0/8', remote_group_id: 'PARENT' })).toBe('400 SecurityGroupMultipleRemoteEntites');
    expect(await post({ ethertype: 'IPv6', remote_ip_prefix: '10.0.0.0/8' })).toBe('400 SecurityGroupRuleParameterConflict');
    const nobody = '11111111-1111-4111-8111-111111111111';
    expect(await post({ remote_group_id: nobody })).toBe('404 SecurityGroupNotFound');
    expect(await post({ remote_address_group_id: nobody })).toBe('404 AddressGroupNotFound');
    const group = await made('/v2.0/security-groups', { security_group: { name: 'g' } });
    expect(await post({ remote_group_id: group.id })).toBe('201');
    const count = (await templates()).length;
    expect(await refusal(`DELETE /v2.0/security-groups/${group.id}`)).toBe('204');
    expect(await templates()).toHaveLength(count - 1);
    const addresses = await made('/v2.0/address-groups', { address_group: { name: 'a' } });
    expect(await post({ remote_address_group_id: addresses.id })).toBe('201');
    expect(await refusal(`DELETE /v2.0/address-groups/${addresses.id}`)).toBe('409 AddressGroupInUse');
  });
});

describe('RBAC policies', () => {
  it('look as in Neutron, and are their owner’s to see', async () => {
    const { id: network } = await made('/v2.0/networks', { network: {} }, BLUE);
    const body = { rbac_policy: { object_type: 'network', object_id: network, action: 'access_as_shared', target_tenant: 'red' } };
    const policy = await made('/v2.0/rbac-policies', body, BLUE);
    expect(policy).toEqual({ id: policy.id, ...body.rbac_policy, tenant_id: 'blue', project_id: 'blue' });
    expect(await refusal(`GET /v2.0/rbac-policies/${policy.id}`, undefined, RED)).toBe('404 RbacPolicyNotFound');
    expect((await ask('GET /v2.0/rbac-policies?target_tenant=red', undefined, BLUE)).json['rbac_policies']).toEqual([policy]);
    expect((await ask('GET /v2.0/rbac-policies?target_tenant=green', undefined, BLUE)).json['rbac_policies']).toEqual([]);
    expect((await ask('GET /v2.0/networks?shared=true', undefined, RED)).json['networks']).toMatchObject([{ id: network, shared: true }]);
    const moved = await ask(`PUT /v2.0/rbac-policies/${policy.id}`, { rbac_policy: { target_tenant: 'green' } }, BLUE);
    expect(moved.json['rbac_policy']).toMatchObject({ target_tenant: 'green' });
    expect(await refusal(`PUT /v2.0/rbac-policies/${policy.id}`, { rbac_policy: { action: 'access_as_external' } }, BLUE)).toBe(
      '400 HTTPBadRequest',
    );
    expect((await ask('GET /v2.0/networks', undefined, RED)).json['networks']).toEqual([]);
    expect(await refusal(`DELETE /v2.0/rbac-policies/${policy.id}`, undefined, BLUE)).toBe('204');
  });
});

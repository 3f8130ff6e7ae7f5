import { createPolicy, isPolicy, type Policy, type PolicyOptions } from '@manx/policy';
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

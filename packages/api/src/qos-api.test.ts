import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';

/* QoS as clients send it: api-ref v2, "QoS policies", "QoS rules", "QoS rule types"; messages of neutron-lib `exceptions/qos.py`. */

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi({ checksAnswers: true });
});
afterEach(async () => {
  await api.close();
  expect(api.bugs).toEqual([]);
});

type Json = { readonly [key: string]: unknown };
type Made = Json & { readonly id: string };

const POLICIES = '/v2.0/qos/policies';

const made = async (url: string, body: Json): Promise<Made> => {
  const { status, json } = await api.call(`POST ${url}`, { body });
  if (status !== 201) throw new Error(JSON.stringify(json));
  return Object.values(json as unknown as { readonly [key: string]: Made })[0] as Made;
};
const policy = (values: Json = {}): Promise<Made> => made(POLICIES, { policy: { name: 'gold', ...values } });
const refusal = async (line: string, body?: Json): Promise<string> => {
  const { status, json } = await api.call(line, body === undefined ? {} : { body });
  return `${status} ${json.NeutronError?.type}`;
};

describe('QoS policies', () => {
  it('have the attributes of Neutron, and no rules at first', async () => {
    const { id, created_at, updated_at, ...rest } = await policy({ description: 'best' });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(created_at).toBe(updated_at);
    expect(rest).toEqual({
      name: 'gold',
      tenant_id: 'admin',
      project_id: 'admin',
      shared: false,
      is_default: false,
      rules: [],
      description: 'best',
      tags: [],
      revision_number: 1,
    });
  });

  it('are one default a project; a network of the project gets no other unasked', async () => {
    const first = await policy({ is_default: true });
    expect(await refusal(`POST ${POLICIES}`, { policy: { name: 'other', is_default: true } })).toBe('409 QoSPolicyDefaultAlreadyExists');
    const other = await policy();
    expect(await refusal(`PUT ${POLICIES}/${other['id']}`, { policy: { is_default: true } })).toBe('409 QoSPolicyDefaultAlreadyExists');
    await api.call(`PUT ${POLICIES}/${first['id']}`, { body: { policy: { is_default: false } } });
    expect((await api.call(`PUT ${POLICIES}/${other['id']}`, { body: { policy: { is_default: true } } })).status).toBe(200);
  });

  it('are seen by other projects when shared, and are not there for them else', async () => {
    const hidden = await policy();
    const shared = await policy({ name: 'open', shared: true });
    const blue = { headers: { 'x-project-id': 'blue', 'x-roles': 'member,reader' } };
    expect((await api.call(`GET ${POLICIES}/${hidden['id']}`, blue)).status).toBe(404);
    expect((await api.call(`GET ${POLICIES}/${shared['id']}`, blue)).json).toMatchObject({ policy: { shared: true } });
    const listed = (await api.call(`GET ${POLICIES}`, blue)).json as unknown as { policies: Json[] };
    expect(listed.policies.map(({ id }) => id)).toEqual([shared['id']]);
    await api.call(`PUT ${POLICIES}/${shared['id']}`, { body: { policy: { shared: false } } });
    expect((await api.call(`GET ${POLICIES}/${shared['id']}`, blue)).status).toBe(404);
  });

  it("of another project are given to nothing: they are not there, and the refusal is Neutron's for that", async () => {
    const hidden = await policy();
    const blue = { headers: { 'x-project-id': 'blue', 'x-roles': 'member,reader' } };
    const refused = { status: 404, json: { NeutronError: { type: 'QosPolicyNotFound' } } };
    const qos_policy_id = hidden['id'];
    expect(await api.call('POST /v2.0/networks', { ...blue, body: { network: { qos_policy_id } } })).toMatchObject(refused);
    const made = await api.call('POST /v2.0/networks', { ...blue, body: { network: { name: 'blue' } } });
    const { network } = made.json as unknown as { network: { readonly id: string } };
    const path = `/v2.0/networks/${network.id}`;
    expect(await api.call(`PUT ${path}`, { ...blue, body: { network: { qos_policy_id } } })).toMatchObject(refused);
    expect(await api.call('POST /v2.0/ports', { ...blue, body: { port: { network_id: network.id, qos_policy_id } } })).toMatchObject(
      refused,
    );
    expect((await api.call(`GET ${path}`, blue)).json).toMatchObject({ network: { qos_policy_id: null } });
  });

  it('go with their rules', async () => {
    const { id } = await policy();
    const rule = await made(`${POLICIES}/${id}/bandwidth_limit_rules`, { bandwidth_limit_rule: { max_kbps: 1000 } });
    expect((await api.call(`DELETE ${POLICIES}/${id}`)).status).toBe(204);
    expect(await refusal(`GET /v2.0/qos/alias_bandwidth_limit_rules/${rule['id']}`)).toBe('404 QosRuleNotFound');
    expect(await refusal(`GET ${POLICIES}/${id}`)).toBe('404 QosPolicyNotFound');
  });

  it('show each rule with its type, in the order of kinds', async () => {
    const { id } = await policy();
    await made(`${POLICIES}/${id}/packet_rate_limit_rules`, { packet_rate_limit_rule: { max_kpps: 5 } });
    await made(`${POLICIES}/${id}/dscp_marking_rules`, { dscp_marking_rule: { dscp_mark: 26 } });
    await made(`${POLICIES}/${id}/bandwidth_limit_rules`, { bandwidth_limit_rule: { max_kbps: '10000', direction: 'ingress' } });
    const { json } = await api.call(`GET ${POLICIES}/${id}`);
    const shown = (json as unknown as { policy: { rules: Json[]; revision_number: number } }).policy;
    expect(shown.rules.map(({ id: _id, ...rule }) => rule)).toEqual([
      { qos_policy_id: id, max_kbps: 10000, max_burst_kbps: 0, direction: 'ingress', type: 'bandwidth_limit' },
      { qos_policy_id: id, dscp_mark: 26, type: 'dscp_marking' },
      { qos_policy_id: id, max_kpps: 5, max_burst_kpps: 0, direction: 'egress', type: 'packet_rate_limit' },
    ]);
    expect(shown.revision_number).toBe(4);
  });
});

describe('QoS rules', () => {
  const KINDS: readonly (readonly [string, Json, Json])[] = [
    ['bandwidth_limit_rule', { max_kbps: 100 }, { max_kbps: 100, max_burst_kbps: 0, direction: 'egress' }],
    ['packet_rate_limit_rule', { max_kpps: 7, max_burst_kpps: 8 }, { max_kpps: 7, max_burst_kpps: 8, direction: 'egress' }],
    ['dscp_marking_rule', { dscp_mark: 46 }, { dscp_mark: 46 }],
    ['minimum_bandwidth_rule', { min_kbps: 50, direction: 'ingress' }, { min_kbps: 50, direction: 'ingress' }],
    ['minimum_packet_rate_rule', { min_kpps: 9, direction: 'any' }, { min_kpps: 9, direction: 'any' }],
  ];

  it.each(KINDS)('%s: made, shown, listed, changed and deleted below its policy', async (name, given, wanted) => {
    const { id } = await policy();
    const url = `${POLICIES}/${id}/${name}s`;
    const rule = await made(url, { [name]: given });
    expect(rule).toEqual({ id: rule['id'], ...wanted });
    expect((await api.call(`GET ${url}/${rule['id']}`)).json).toEqual({ [name]: rule });
    expect((await api.call(`GET ${url}`)).json).toEqual({ [`${name}s`]: [rule] });
    const [field = ''] = Object.keys(given);
    const changed = await api.call(`PUT ${url}/${rule['id']}`, { body: { [name]: { [field]: 0 } } });
    expect(changed.json).toEqual({ [name]: { ...rule, [field]: 0 } });
    expect((await api.call(`DELETE ${url}/${rule['id']}`)).status).toBe(204);
    expect(await refusal(`DELETE ${url}/${rule['id']}`)).toBe('404 QosRuleNotFound');
  });

  it('are found through their own policy only', async () => {
    const [one, two] = [await policy(), await policy()];
    const rule = await made(`${POLICIES}/${one['id']}/dscp_marking_rules`, { dscp_marking_rule: { dscp_mark: 8 } });
    expect(await refusal(`GET ${POLICIES}/${two['id']}/dscp_marking_rules/${rule['id']}`)).toBe('404 QosRuleNotFound');
    expect(await refusal(`GET ${POLICIES}/${rule['id']}/dscp_marking_rules`)).toBe('404 QosPolicyNotFound');
  });

  const BAD: readonly (readonly [string, Json, string])[] = [
    ['bandwidth_limit_rule', {}, '400 HTTPBadRequest'],
    ['bandwidth_limit_rule', { max_kbps: -1 }, '400 HTTPBadRequest'],
    ['bandwidth_limit_rule', { max_kbps: 2 ** 31 }, '400 HTTPBadRequest'],
    ['bandwidth_limit_rule', { max_kbps: 'fast' }, '400 InvalidInput'],
    ['bandwidth_limit_rule', { max_kbps: 1, direction: 'any' }, '400 HTTPBadRequest'],
    ['bandwidth_limit_rule', { max_kbps: 1, min_kbps: 1 }, '400 HTTPBadRequest'],
    ['dscp_marking_rule', { dscp_mark: 7 }, '400 HTTPBadRequest'],
    ['dscp_marking_rule', { dscp_mark: 64 }, '400 HTTPBadRequest'],
    ['minimum_bandwidth_rule', { min_kbps: 1, direction: 'any' }, '400 HTTPBadRequest'],
    ['minimum_packet_rate_rule', { direction: 'any' }, '400 HTTPBadRequest'],
  ];
  it.each(BAD)('%s %j is refused', async (name, given, wanted) => {
    const { id } = await policy();
    expect(await refusal(`POST ${POLICIES}/${id}/${name}s`, { [name]: given })).toBe(wanted);
  });

  it('are one of a kind and direction', async () => {
    const { id } = await policy();
    const url = `${POLICIES}/${id}/bandwidth_limit_rules`;
    await made(url, { bandwidth_limit_rule: { max_kbps: 1 } });
    const ingress = await made(url, { bandwidth_limit_rule: { max_kbps: 2, direction: 'ingress' } });
    expect(await refusal(`POST ${url}`, { bandwidth_limit_rule: { max_kbps: 3 } })).toBe('409 QoSRulesConflict');
    expect(await refusal(`PUT ${url}/${ingress['id']}`, { bandwidth_limit_rule: { direction: 'egress' } })).toBe('409 QoSRulesConflict');
    const bulk = { bandwidth_limit_rules: [{ max_kbps: 1 }, { max_kbps: 1 }] };
    expect(await refusal(`POST ${POLICIES}/${(await policy())['id']}/bandwidth_limit_rules`, bulk)).toBe('409 QoSRulesConflict');
  });

  it('do not promise more than they allow', async () => {
    const { id } = await policy();
    await made(`${POLICIES}/${id}/bandwidth_limit_rules`, { bandwidth_limit_rule: { max_kbps: 1000 } });
    const url = `${POLICIES}/${id}/minimum_bandwidth_rules`;
    expect(await refusal(`POST ${url}`, { minimum_bandwidth_rule: { min_kbps: 1001 } })).toBe('409 QoSRuleParameterConflict');
    await made(url, { minimum_bandwidth_rule: { min_kbps: 1000 } });
  });

  it('say a minimum packet rate for any direction or for certain ones', async () => {
    const { id } = await policy();
    const url = `${POLICIES}/${id}/minimum_packet_rate_rules`;
    await made(url, { minimum_packet_rate_rule: { min_kpps: 1 } });
    expect(await refusal(`POST ${url}`, { minimum_packet_rate_rule: { min_kpps: 1, direction: 'any' } })).toBe(
      '409 QoSRuleParameterConflict',
    );
  });

  it('are reached by their own ids too', async () => {
    const { id } = await policy();
    const rule = await made(`${POLICIES}/${id}/bandwidth_limit_rules`, { bandwidth_limit_rule: { max_kbps: 5 } });
    const url = `/v2.0/qos/alias_bandwidth_limit_rules/${rule['id']}`;
    expect((await api.call(`GET ${url}`)).json).toEqual({ alias_bandwidth_limit_rule: rule });
    const changed = await api.call(`PUT ${url}`, { body: { alias_bandwidth_limit_rule: { max_kbps: 6 } } });
    expect(changed.json).toEqual({ alias_bandwidth_limit_rule: { ...rule, max_kbps: 6 } });
    expect(await refusal(`PUT ${url}`, { bandwidth_limit_rule: { max_kbps: 6 } })).toBe('400 HTTPBadRequest');
    expect((await api.call(`DELETE ${url}`)).status).toBe(204);
    expect(await refusal(`GET ${url}`)).toBe('404 QosRuleNotFound');
  });
});

describe('QoS rule types', () => {
  it('are all five, with their values for who shows one', async () => {
    const { json } = await api.call('GET /v2.0/qos/rule-types?all_supported=True');
    expect((json as unknown as { rule_types: Json[] }).rule_types).toEqual(
      ['bandwidth_limit', 'dscp_marking', 'minimum_bandwidth', 'minimum_packet_rate', 'packet_rate_limit'].map((type) => ({ type })),
    );
    const shown = (await api.call('GET /v2.0/qos/rule-types/dscp_marking')).json as unknown as { rule_type: { drivers: Json[] } };
    expect(shown.rule_type.drivers).toMatchObject([{ name: 'manx', supported_parameters: [{ parameter_name: 'dscp_mark' }] }]);
    expect((await api.call('GET /v2.0/qos/rule-types/magic')).status).toBe(404);
    const member = { 'x-project-id': 'blue', 'x-roles': 'member,reader' };
    expect((await api.call('GET /v2.0/qos/rule-types', { headers: member })).status).toBe(200);
    expect((await api.call('GET /v2.0/qos/rule-types/dscp_marking', { headers: member })).status).toBe(403);
  });
});

import type { HostFact } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentIdOf, createAgentRegister } from './agent-register.js';
import { openTestApi, type TestApi, testContext } from './api-fixture.js';

/* Agents, zones, providers, logs and BGP as clients send them (api-ref v2); errors of neutron `services/logapi`, neutron-dynamic-routing `extensions/bgp.py`. */

type Json = { readonly [key: string]: unknown };
type Made = Json & { readonly id: string };

const HEARD = '2026-01-31T10:20:30.123Z';
const alive: HostFact = {
  host: 'h1',
  isAlive: true,
  heardAt: HEARD,
  report: {
    version: '1.2.3',
    startedAt: '2026-01-31T09:00:00Z',
    physicalNetworks: [],
    bgp: [],
    problems: [],
    drift: { repairs: 0, lastAt: null, last: null },
  },
};
const dead: HostFact = { host: 'x9', isAlive: false, heardAt: HEARD, report: null };

/** What h1 reports of its BGP. */
let sessions: NonNullable<HostFact['report']>['bgp'];
let api: TestApi;
beforeEach(async () => {
  sessions = [{ name: 'tor1', state: 'Established' }];
  const hosts = (): readonly HostFact[] => [{ ...alive, report: alive.report && { ...alive.report, bgp: sessions } }, dead];
  api = await openTestApi({ checksAnswers: true, facts: () => ({ now: HEARD, hosts: hosts() }) });
  const remember = createAgentRegister({ ledger: api.ledger, context: testContext });
  for (const host of ['x9', 'h1', 'h2', 'h1']) await remember(host, null);
});
afterEach(async () => {
  await api.close();
  expect(api.bugs).toEqual([]);
});

const refusal = async (line: string, body?: Json): Promise<string> => {
  const { status, json } = await api.call(line, body === undefined ? {} : { body });
  return `${status} ${json.NeutronError?.type}`;
};
const listed = async (url: string, key: string): Promise<readonly Json[]> => {
  const { json } = await api.call(`GET ${url}`);
  return (json as unknown as { readonly [key: string]: readonly Json[] })[key] ?? [];
};
const hosts = async (query: string): Promise<readonly unknown[]> =>
  (await listed(`/v2.0/agents${query}`, 'agents')).map(({ host }) => host);
const made = async (url: string, body: Json): Promise<Made> => {
  const { status, json } = await api.call(`POST ${url}`, { body });
  if (status !== 201) throw new Error(JSON.stringify(json));
  return Object.values(json as unknown as { readonly [key: string]: Made })[0] as Made;
};

describe('agents', () => {
  const H1 = agentIdOf('h1');

  it('are one a host that was ever heard of, with what the host says of itself', async () => {
    expect(await hosts('')).toEqual(['h1', 'h2', 'x9']);
    const { json } = await api.call(`GET /v2.0/agents/${H1}`);
    expect(json).toMatchObject({
      agent: {
        id: H1,
        agent_type: 'Manx agent',
        binary: 'manx-agent',
        topic: 'N/A',
        host: 'h1',
        availability_zone: 'nova',
        admin_state_up: true,
        alive: true,
        started_at: '2026-01-31 09:00:00',
        heartbeat_timestamp: '2026-01-31 10:20:30',
        configurations: {
          ports: 0,
          version: '1.2.3',
          bgp_sessions: [{ name: 'tor1', state: 'Established' }],
          problems: [],
          drift: { repairs: 0, last_at: null, last: null },
        },
      },
    });
    expect(H1).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('are filtered, sorted and paged', async () => {
    expect(await hosts('?alive=True')).toEqual(['h1']);
    expect(await hosts('?alive=false&host=x9&host=h1')).toEqual(['x9']);
    expect(await hosts('?agent_type=Manx%20agent&binary=manx-agent')).toHaveLength(3);
    expect(await hosts('?sort_key=host&sort_dir=desc&limit=2')).toEqual(['x9', 'h2']);
    expect(await hosts(`?limit=2&marker=${H1}`)).toEqual(['h2', 'x9']);
    expect(await refusal('GET /v2.0/agents?color=red')).toBe('400 HTTPBadRequest');
    expect((await api.call(`GET /v2.0/agents/${H1}?fields=host`)).json).toEqual({ agent: { host: 'h1' } });
  });

  it('are changed by administrators: description and admin_state_up, nothing else', async () => {
    const changed = await api.call(`PUT /v2.0/agents/${H1}`, { body: { agent: { admin_state_up: false, description: 'under repair' } } });
    expect(changed.json).toMatchObject({ agent: { host: 'h1', alive: true, admin_state_up: false, description: 'under repair' } });
    expect(await refusal(`PUT /v2.0/agents/${H1}`, { agent: { host: 'h3' } })).toBe('400 HTTPBadRequest');
    expect(await refusal(`PUT /v2.0/agents/${agentIdOf('nobody')}`, { agent: { description: '' } })).toBe('404 AgentNotFound');
    expect(await refusal('GET /v2.0/agents/nobody')).toBe('404 AgentNotFound');
  });

  it('are not for others to see', async () => {
    const blue = { headers: { 'x-project-id': 'blue', 'x-roles': 'member,reader' } };
    expect((await api.call('GET /v2.0/agents', blue)).json).toEqual({ agents: [] });
    expect((await api.call(`GET /v2.0/agents/${H1}`, blue)).status).toBe(404);
    expect((await api.call(`PUT /v2.0/agents/${H1}`, { ...blue, body: { agent: { admin_state_up: false } } })).status).toBe(404);
  });

  it('are forgotten, and back with the next report', async () => {
    expect((await api.call(`DELETE /v2.0/agents/${agentIdOf('x9')}`)).status).toBe(204);
    expect((await api.call(`DELETE /v2.0/agents/${H1}`)).status).toBe(204);
    expect(await hosts('')).toEqual(['h2']);
    await createAgentRegister({ ledger: api.ledger, context: testContext })('h1', { physicalNetworks: ['rack1'] });
    expect(await hosts('')).toEqual(['h1', 'h2']);
    const { json } = await api.call(`GET /v2.0/agents/${H1}`);
    expect(json).toMatchObject({ agent: { configurations: { physical_networks: ['rack1'] } } });
  });

  it('are no more made by clients', async () => {
    expect((await api.call('POST /v2.0/agents', { body: { agent: { host: 'h7' } } })).status).toBe(405);
  });

  it('that are administratively down get no new ports, and keep those that they have', async () => {
    const network = await made('/v2.0/networks', { network: { name: 'n' } });
    const bound = (): Promise<Made> =>
      made('/v2.0/ports', { port: { network_id: network['id'], device_owner: 'compute:nova', 'binding:host_id': 'h1' } });
    const before = await bound();
    expect(before).toMatchObject({ 'binding:vif_type': 'tap' });
    await api.call(`PUT /v2.0/agents/${H1}`, { body: { agent: { admin_state_up: false } } });
    expect(await bound()).toMatchObject({ 'binding:vif_type': 'binding_failed' });
    expect((await api.call(`GET /v2.0/ports/${before['id']}`)).json).toMatchObject({ port: { 'binding:vif_type': 'tap' } });
  });
});

describe('zones and providers', () => {
  it('the one zone is available while a host in it takes ports', async () => {
    const zones = (state: string): readonly Json[] => ['network', 'router'].map((resource) => ({ name: 'nova', resource, state }));
    expect(await listed('/v2.0/availability_zones', 'availability_zones')).toEqual(zones('available'));
    expect(await listed('/v2.0/availability_zones?resource=router', 'availability_zones')).toEqual(zones('available').slice(1));
    await api.call(`PUT /v2.0/agents/${agentIdOf('h1')}`, { body: { agent: { admin_state_up: false } } });
    expect(await listed('/v2.0/availability_zones', 'availability_zones')).toEqual(zones('unavailable'));
  });

  it('routers are provided by every host', async () => {
    expect(await listed('/v2.0/service-providers', 'service_providers')).toEqual([
      { service_type: 'L3_ROUTER_NAT', name: 'manx', default: true },
    ]);
  });
});

describe('logs', () => {
  const log = (values: Json): Json => ({ log: { resource_type: 'security_group', ...values } });

  it('are of security groups, on unless said otherwise, and switched on and off', async () => {
    const made1 = await made('/v2.0/log/logs', log({ name: 'all', event: 'DROP' }));
    expect(made1).toMatchObject({ resource_id: null, target_id: null, event: 'DROP', enabled: true });
    const { json } = await api.call(`PUT /v2.0/log/logs/${made1['id']}`, { body: { log: { enabled: false } } });
    expect(json['log']).toMatchObject({ enabled: false });
    expect(await refusal(`PUT /v2.0/log/logs/${made1['id']}`, { log: { event: 'ALL' } })).toBe('400 HTTPBadRequest');
    expect(await listed('/v2.0/log/loggable-resources', 'loggable_resources')).toEqual([{ type: 'security_group' }]);
    expect((await api.call('GET /v2.0/extensions/logging')).status).toBe(200);
  });

  it('are of groups and ports that are there, and belong together', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect(await refusal('POST /v2.0/log/logs', log({ resource_type: 'firewall' }))).toBe('400 InvalidLogResourceType');
    expect(await refusal('POST /v2.0/log/logs', log({ resource_id: nobody }))).toBe('404 ResourceNotFound');
    expect(await refusal('POST /v2.0/log/logs', log({ target_id: nobody }))).toBe('404 TargetResourceNotFound');
    expect(await refusal('POST /v2.0/log/logs', { log: { name: 'what' } })).toBe('400 HTTPBadRequest');
    const group = await made('/v2.0/security-groups', { security_group: { name: 'web' } });
    const network = await made('/v2.0/networks', { network: {} });
    const port = await made('/v2.0/ports', { port: { network_id: network['id'] } });
    const pair = log({ resource_id: group['id'], target_id: port['id'] });
    expect(await refusal('POST /v2.0/log/logs', pair)).toBe('400 InvalidResourceConstraint');
    await api.call(`PUT /v2.0/ports/${port['id']}`, { body: { port: { security_groups: [group['id']] } } });
    await made('/v2.0/log/logs', pair);
    expect((await api.call(`DELETE /v2.0/ports/${port['id']}`)).status).toBe(204);
    expect(await listed('/v2.0/log/logs', 'logs')).toEqual([]);
  });
});

describe('BGP', () => {
  const peer = (values: Json = {}): Json => ({
    bgp_peer: { name: 'tor', peer_ip: '198.18.0.1', remote_as: 4_200_000_000, auth_type: 'md5', password: 's3cret', ...values },
  });
  const speaker = (values: Json = {}): Json => ({ bgp_speaker: { name: 'hosts', local_as: 65001, ip_version: 4, ...values } });

  it('peers never show their password, whatever happens to it', async () => {
    const shown = await made('/v2.0/bgp-peers', peer());
    expect(shown).toEqual({
      id: shown['id'],
      name: 'tor',
      tenant_id: 'admin',
      project_id: 'admin',
      peer_ip: '198.18.0.1',
      remote_as: 4_200_000_000,
      auth_type: 'md5',
    });
    const texts = [
      await api.call('GET /v2.0/bgp-peers'),
      await api.call(`GET /v2.0/bgp-peers/${shown['id']}?fields=password`),
      await api.call(`PUT /v2.0/bgp-peers/${shown['id']}`, { body: { bgp_peer: { password: 's3cret2' } } }),
      await api.call(`PUT /v2.0/bgp-peers/${shown['id']}`, { body: { bgp_peer: { password: 's3cret"\nprotocol' } } }),
      await api.call('GET /v2.0/bgp-peers?password=s3cret'),
    ];
    expect(texts.map(({ status }) => status)).toEqual([200, 200, 200, 400, 400]);
    for (const { text } of texts) expect(text).not.toContain('s3cret');
  });

  it('peers with MD5 need a password, others have no use for one', async () => {
    expect(await refusal('POST /v2.0/bgp-peers', peer({ password: null }))).toBe('400 InvalidBgpPeerMd5Authentication');
    const open = await made('/v2.0/bgp-peers', peer({ auth_type: 'none', password: null }));
    expect(await refusal(`PUT /v2.0/bgp-peers/${open['id']}`, { bgp_peer: { password: 'x' } })).toBe('404 BgpPeerNotAuthenticated');
    expect(await refusal('POST /v2.0/bgp-peers', peer({ peer_ip: '198.18.0.256' }))).toBe('400 HTTPBadRequest');
    expect(await refusal('POST /v2.0/bgp-peers', peer({ remote_as: 0 }))).toBe('400 HTTPBadRequest');
  });

  it('speakers have networks in their scope, each once', async () => {
    const { id } = await made('/v2.0/bgp-speakers', speaker());
    const network = await made('/v2.0/networks', { network: {} });
    const url = `/v2.0/bgp-speakers/${id}`;
    const body = { network_id: network['id'] };
    expect((await api.call(`PUT ${url}/add_gateway_network`, { body })).json).toEqual(body);
    expect(await refusal(`PUT ${url}/add_gateway_network`, body)).toBe('409 BgpSpeakerNetworkBindingError');
    expect(await refusal(`PUT ${url}/add_gateway_network`, {})).toBe('400 BadRequest');
    expect((await api.call(`GET ${url}`)).json).toMatchObject({ bgp_speaker: { networks: [network['id']], peers: [] } });
    expect((await api.call(`PUT ${url}/remove_gateway_network`, { body })).status).toBe(200);
    expect(await refusal(`PUT ${url}/remove_gateway_network`, body)).toBe('404 BgpSpeakerNetworkNotAssociated');
    await api.call(`PUT ${url}/add_gateway_network`, { body });
    expect((await api.call(`DELETE /v2.0/networks/${network['id']}`)).status).toBe(204);
    expect((await api.call(`GET ${url}`)).json).toMatchObject({ bgp_speaker: { networks: [] } });
  });

  it('speakers are given to hosts and taken from them, and answer as Neutron does', async () => {
    const { id } = await made('/v2.0/bgp-speakers', speaker());
    const instances = (host: string): string => `/v2.0/agents/${agentIdOf(host)}/bgp-drinstances`;
    const hosts = async (): Promise<unknown[]> => (await listed(`/v2.0/bgp-speakers/${id}/bgp-dragents`, 'agents')).map(({ host }) => host);
    expect(await hosts()).toEqual(['h1', 'h2', 'x9']);
    const added = await api.call(`POST ${instances('h2')}`, { body: { bgp_speaker_id: id } });
    expect([added.status, added.text]).toEqual([201, 'null']);
    expect(await hosts()).toEqual(['h2']);
    expect(await listed(instances('h1'), 'bgp_speakers')).toEqual([]);
    expect(await listed(instances('h2'), 'bgp_speakers')).toMatchObject([{ id }]);
    expect(await refusal(`POST ${instances('h2')}`, { bgp_speaker_id: id })).toBe('409 DrAgentAssociationError');
    expect(await refusal(`POST ${instances('h2')}`, {})).toBe('400 BadRequest');
    expect(await refusal(`POST ${instances('h9')}`, { bgp_speaker_id: id })).toBe('404 DrAgentInvalid');
    expect(await refusal(`DELETE ${instances('h1')}/${id}`)).toBe('404 DrAgentNotHostingBgpSpeaker');
    expect((await api.call(`DELETE ${instances('h2')}/${id}`)).status).toBe(204);
    expect(await hosts()).toEqual([]);
    const headers = { 'x-roles': 'member', 'x-project-id': 'somebody' };
    expect((await api.call(`POST ${instances('h2')}`, { body: { bgp_speaker_id: id }, headers })).status).toBe(404);
    expect((await api.call(`DELETE ${instances('h2')}/${id}`, { headers })).status).toBe(404);
  });

  it('the routes of a speaker are what hosts announce that have a session with a peer of it', async () => {
    const network = await made('/v2.0/networks', { network: {} });
    await made('/v2.0/subnets', { subnet: { network_id: network['id'], cidr: '10.7.0.0/24', ip_version: 4 } });
    const port = await made('/v2.0/ports', {
      port: { network_id: network['id'], device_owner: 'compute:nova', 'binding:host_id': 'h1', fixed_ips: [{ ip_address: '10.7.0.9' }] },
    });
    const { id } = await made('/v2.0/bgp-speakers', speaker());
    const url = `/v2.0/bgp-speakers/${id}`;
    await api.call(`PUT ${url}/add_gateway_network`, { body: { network_id: network['id'] } });
    const { id: bgp_peer_id } = await made('/v2.0/bgp-peers', peer());
    expect((await api.call(`PUT ${url}/add_bgp_peer`, { body: { bgp_peer_id } })).json).toEqual({ bgp_peer_id });
    sessions = [{ name: `peer-api-${bgp_peer_id}`, state: 'Established' }];
    expect((await api.call(`GET ${url}/get_advertised_routes`)).json).toEqual({ advertised_routes: [] });
    await api.ledger.decide({ requestId: 'test', userId: null, projectId: null }, (state) => {
      const value = state.get('port', port.id);
      return {
        changes: value === undefined ? [] : [{ op: 'put', kind: 'port', id: value.id, value: { ...value, status: 'ACTIVE' } }],
        value: () => undefined,
      };
    });
    expect((await api.call(`GET ${url}/get_advertised_routes`)).json).toEqual({
      advertised_routes: [{ destination: '10.7.0.9/32', next_hop: null, host: 'h1' }],
    });
    const none = { advertised_routes: [] };
    sessions = [{ name: `peer-api-${bgp_peer_id}`, state: 'Active Socket: Connection refused' }];
    expect((await api.call(`GET ${url}/get_advertised_routes`)).json).toEqual(none);
    sessions = [{ name: `peer-api-${bgp_peer_id}`, state: 'Established, limit of 5 routes reached' }];
    expect((await api.call(`GET ${url}/get_advertised_routes`)).json).not.toEqual(none);
    await api.call(`PUT ${url}/remove_gateway_network`, { body: { network_id: network['id'] } });
    expect((await api.call(`GET ${url}/get_advertised_routes`)).json).toEqual(none);
  });
});

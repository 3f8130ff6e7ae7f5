import { randomUUID } from 'node:crypto';
import { agentToken } from '@manx/feed';
import { lifeSign } from '@manx/feed/testing/reports';
import { asHostName } from '@manx/hoststate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, clientOf, type Made } from '../neutron/client.js';
import { makeServerFolder, SECRET, type ServerFolder, type ServerProcess, startServerProcess } from '../neutron/server-process.js';
import { type KeystoneFixture, startKeystone } from './keystone-fixture.js';
import { type HeardEvent, type NovaStandIn, startNovaStandIn } from './nova-stand-in.js';

let keystone: KeystoneFixture;
let nova: NovaStandIn;
let folder: ServerFolder;
let server: ServerProcess;
let client: Client;
let headers: Readonly<Record<string, string>>;
let network: Made;
let agent: AbortController;
/** What has been started, in order. */
const endings: (() => unknown)[] = [];

beforeAll(async () => {
  keystone = await startKeystone();
  endings.push(keystone.end);
  nova = await startNovaStandIn(keystone);
  endings.push(nova.close);
  await keystone.setEndpoint('compute', nova.url);
  folder = await makeServerFolder({ auth: keystone.authLine('region_name: RegionOne'), extra: 'log: {level: debug}' });
  endings.push(folder.remove);
  server = await startServerProcess(folder);
  endings.push(() => server.end('SIGTERM'));
  client = clientOf(server.url);
  headers = { 'x-auth-token': await keystone.token(keystone.admin, { project: keystone.adminProject.id }) };
  network = await client.make('networks', { name: 'n' }, headers);
  const allocation_pools = [{ start: '10.51.0.100', end: '10.51.0.254' }];
  await client.make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.51.0.0/24', allocation_pools }, headers);
  agent = new AbortController();
  endings.push(() => agent.abort());
  await fetch(`${server.feedUrl}/feed/v1/hosts/h1/state`, { headers: agentHeaders(), signal: agent.signal });
}, 300_000);
afterAll(async () => {
  for (const end of endings.toReversed()) await end();
});

const agentHeaders = () => ({ authorization: `Bearer ${agentToken(SECRET, asHostName('h1'))}` });

/** The host's word on ports, of a time after anything that has been asked for. */
const report = async (ids: readonly string[], state: 'up' | 'down' | 'error'): Promise<void> => {
  const revision = 1_000_000;
  const endpoints = ids.map((id) => ({ id, state, revision, problem: null }));
  const body = JSON.stringify({ ...lifeSign, revision, endpoints });
  const answer = await fetch(`${server.feedUrl}/feed/v1/hosts/h1/status`, { method: 'POST', headers: agentHeaders(), body });
  expect(answer.status).toBe(204);
};
/** As Nova makes a port: then it is bound. */
const makePort = async (instance: string): Promise<Made> =>
  client.make('ports', { network_id: network.id, device_id: instance, device_owner: 'compute:nova', 'binding:host_id': 'h1' }, headers);
const about = (events: readonly HeardEvent[], id: string): readonly unknown[] =>
  events.filter(({ tag }) => tag === id).map(({ name, status, server_uuid }) => [name, status, server_uuid]);

describe('Nova, found in the catalogue', () => {
  it('is told of a port that comes up, changes, goes down, fails, is deleted', async () => {
    const instance = randomUUID();
    const port = await makePort(instance);
    await report([port.id], 'up');
    await nova.heard(({ name, tag }) => name === 'network-vif-plugged' && tag === port.id);
    const body = { port: { fixed_ips: [{ ip_address: '10.51.0.99' }] } };
    expect((await client.call('PUT', `/v2.0/ports/${port.id}`, { body, headers })).status).toBe(200);
    await report([port.id], 'down');
    await report([port.id], 'error');
    await client.call('DELETE', `/v2.0/ports/${port.id}`, { headers });
    const events = await nova.heard(({ name, tag }) => name === 'network-vif-deleted' && tag === port.id);
    expect(about(events, port.id)).toEqual([
      ['network-vif-plugged', 'completed', instance],
      ['network-changed', undefined, instance],
      ['network-vif-unplugged', 'completed', instance],
      ['network-vif-plugged', 'failed', instance],
      ['network-vif-deleted', undefined, instance],
    ]);
    expect(nova.mistakes).toEqual([]);
  });

  it('hears of fifty ports that come up together in a few posts', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => makePort(randomUUID())));
    const before = nova.posts.length;
    await report(
      ports.map(({ id }) => id),
      'up',
    );
    for (const { id } of ports) await nova.heard(({ tag }) => tag === id);
    expect(nova.posts.length - before).toBeLessThanOrEqual(3);
  });

  it('is told again when it fails, while nobody else waits', async () => {
    nova.fail(503, 500, 401);
    const port = await makePort(randomUUID());
    await report([port.id], 'up');
    await nova.heard(({ tag }) => tag === port.id);
    expect(await server.logged('Nova cannot be told')).toMatch(/answered 50\d/);
    expect(nova.mistakes).toEqual([]);
  });

  it('that has no host for the instance yet (422) is told a little later again', async () => {
    const instance = randomUUID();
    nova.knows(instance, 422);
    const port = await makePort(instance);
    await report([port.id], 'up');
    await nova.heard(({ tag }) => tag === port.id);
    nova.knows(instance, 200);
    const before = nova.posts.length;
    await nova.heard(() => nova.posts.length > before);
    expect(about(nova.posts.flat(), port.id)).toHaveLength(2);
  });

  it('is not told of what is no instance', async () => {
    const port = await client.make('ports', { network_id: network.id, 'binding:host_id': 'h1' }, headers);
    await report([port.id], 'up');
    const marker = await makePort(randomUUID());
    await report([marker.id], 'up');
    expect(about(await nova.heard(({ tag }) => tag === marker.id), port.id)).toEqual([]);
  });

  it('hears what a server had to say that ends in good order', async () => {
    const port = await makePort(randomUUID());
    await report([port.id], 'up');
    agent.abort();
    await server.end('SIGTERM');
    expect(about(nova.posts.flat(), port.id)).toHaveLength(1);
    expect(server.log()).not.toContain(keystone.server.password);
  });
});

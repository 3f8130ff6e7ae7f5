import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, clientOf, type Made, neutronError } from './client.js';
import { makeServerFolder, type ServerFolder, type ServerProcess, startServerProcess } from './server-process.js';

let folder: ServerFolder;
let server: ServerProcess;
let client: Client;

const blue = { 'x-project-id': 'blue', 'x-roles': 'member' };
const red = { 'x-project-id': 'red', 'x-roles': 'member' };

beforeAll(async () => {
  folder = await makeServerFolder();
  server = await startServerProcess(folder);
  client = clientOf(server.url);
});
afterAll(async () => {
  await server.end('SIGTERM');
  await folder.remove();
});

type Rule = Made & { readonly direction: string; readonly ethertype: string; readonly remote_group_id: string | null };
type Group = Made & { readonly name: string; readonly security_group_rules: readonly Rule[] };

describe('networks', () => {
  it('S4: every network says that it has no L2 adjacency, alone, in lists and when it is made; nobody can set it', async () => {
    const made = await client.make('networks', { name: 'flat', shared: true });
    expect(made['l2_adjacency']).toBe(false);
    const { body } = await client.call('GET', '/v2.0/networks?fields=l2_adjacency');
    expect((body as { networks: unknown[] }).networks).toContainEqual({ l2_adjacency: false });
    const refused = await client.call('PUT', `/v2.0/networks/${made.id}`, { body: { network: { l2_adjacency: true } } });
    expect(refused.status).toBe(400);
  });
});

describe('the flat space', () => {
  it('S13: a subnet that overlaps another, on any network of any project, is refused with 409, the name of the other (to who may know it) and the reason', async () => {
    const first = await client.make('networks', { name: 'one' }, blue);
    const second = await client.make('networks', { name: 'two' }, red);
    const subnet = await client.make('subnets', { network_id: first.id, ip_version: 4, cidr: '10.20.0.0/16' }, blue);
    for (const cidr of ['10.20.0.0/16', '10.20.3.0/24', '10.0.0.0/8']) {
      for (const [headers, other] of [
        [red, 'a subnet of another project'],
        [{}, subnet.id],
      ] as const) {
        const refused = await client.call('POST', '/v2.0/subnets', {
          body: { subnet: { network_id: second.id, ip_version: 4, cidr } },
          headers,
        });
        expect([refused.status, neutronError(refused)?.type]).toEqual([409, 'InvalidInput']);
        expect(neutronError(refused)?.message).toMatch(new RegExp(`${other}.*flat address space`));
      }
    }
  });

  it('S12: sixteen clients that ask for one address at once get it once', async () => {
    const network = await client.make('networks', { name: 'race' });
    await client.make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.30.0.0/24' });
    const body = { port: { network_id: network.id, fixed_ips: [{ ip_address: '10.30.0.77' }] } };
    const answers = await Promise.all(Array.from({ length: 16 }, () => client.call('POST', '/v2.0/ports', { body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 15 }, () => 409)]);
    expect(new Set(answers.map((answer) => neutronError(answer)?.type))).toEqual(new Set([undefined, 'IpAddressInUse']));
  });

  it('S12: a bulk that wants one address twice makes nothing', async () => {
    const network = await client.make('networks', { name: 'bulk' });
    await client.make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.31.0.0/24' });
    const port = (ip: string): object => ({ network_id: network.id, fixed_ips: [{ ip_address: ip }] });
    const refused = await client.call('POST', '/v2.0/ports', {
      body: { ports: [port('10.31.0.8'), port('10.31.0.9'), port('10.31.0.8')] },
    });
    expect([refused.status, neutronError(refused)?.type]).toEqual([409, 'IpAddressInUse']);
    const { body } = await client.call('GET', `/v2.0/ports?network_id=${network.id}`);
    expect(body).toEqual({ ports: [] });
  });
});

describe('security groups', () => {
  it('S16: each project has one default group from the first look on: out to all, in from its own members', async () => {
    const looks = await Promise.all(Array.from({ length: 8 }, () => client.call('GET', '/v2.0/security-groups', { headers: blue })));
    const groups = looks.map(({ body }) => (body as { security_groups: Group[] }).security_groups);
    expect(new Set(groups.flat().map(({ id }) => id)).size).toBe(1);
    const [group] = groups[0] ?? [];
    expect(group?.name).toBe('default');
    const rules = group?.security_group_rules.map(
      ({ direction, ethertype, remote_group_id: remote }) => `${direction} ${ethertype} ${remote === group.id ? 'own' : remote}`,
    );
    expect(rules?.sort()).toEqual(['egress IPv4 null', 'egress IPv6 null', 'ingress IPv4 own', 'ingress IPv6 own']);
  });

  it('S16: a port that names no group is in its project’s default group; nobody can delete that one', async () => {
    const network = await client.make('networks', { name: 'shared', shared: true });
    const { body } = await client.call('GET', '/v2.0/security-groups', { headers: red });
    const [group] = (body as { security_groups: Group[] }).security_groups;
    const port = await client.make('ports', { network_id: network.id }, red);
    expect(port['security_groups']).toEqual([group?.id]);
    const refused = await client.call('DELETE', `/v2.0/security-groups/${group?.id}`, { headers: red });
    expect(refused.status).toBe(409);
  });

  it('another project’s group, network and port are not there: 404, not 403', async () => {
    const group = await client.make('security-groups', { name: 'mine' }, blue);
    const network = await client.make('networks', { name: 'mine' }, blue);
    const port = await client.make('ports', { network_id: network.id }, blue);
    const wanted: [string, string, string][] = [
      ['security-groups', group.id, 'SecurityGroupNotFound'],
      ['networks', network.id, 'NetworkNotFound'],
      ['ports', port.id, 'PortNotFound'],
    ];
    for (const [collection, id, type] of wanted) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await client.call(method, `/v2.0/${collection}/${id}`, { headers: red });
        expect([method, collection, answer.status, neutronError(answer)?.type]).toEqual([method, collection, 404, type]);
      }
    }
    const onTheirs = await client.call('POST', '/v2.0/ports', { body: { port: { network_id: network.id } }, headers: red });
    expect([onTheirs.status, neutronError(onTheirs)?.type]).toEqual([404, 'NetworkNotFound']);
  });
});

describe('the server', () => {
  it('is healthy and ready, and says so without a token', async () => {
    expect((await client.call('GET', '/healthz')).body).toEqual({ status: 'ok' });
    expect((await client.call('GET', '/readyz')).body).toEqual({ status: 'ok' });
  });

  it('writes a log line for each request, with request id, method, path, status, time and project, and no token or body', async () => {
    const answer = await client.call('POST', '/v2.0/networks?hunter=2', {
      body: { network: { name: 'hunter2' } },
      headers: { 'x-auth-token': 'hunter2', 'x-project-id': 'blue' },
    });
    const id = answer.headers.get('x-openstack-request-id') ?? 'none';
    const line = await server.logged(id);
    expect(JSON.parse(line)).toMatchObject({
      request_id: id,
      method: 'POST',
      path: '/v2.0/networks',
      status: 201,
      ms: expect.any(Number) as unknown,
      project: 'blue',
    });
    expect(server.log()).not.toContain('hunter2');
  });
});

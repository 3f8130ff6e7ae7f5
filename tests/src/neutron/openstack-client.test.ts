import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeServerFolder, type ServerFolder, type ServerProcess, startServerProcess } from './server-process.js';

const run = promisify(execFile);

let folder: ServerFolder;
let server: ServerProcess;

beforeAll(async () => {
  folder = await makeServerFolder('log: {level: warn}');
  server = await startServerProcess(folder);
});
afterAll(async () => {
  await server.end('SIGTERM');
  await folder.remove();
});

/** Runs Debian's `openstack` with the environment that `manx lab env` prints, and nothing else of OpenStack's. */
const openstack = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const { stdout } = await run('openstack', args, {
    env: { PATH: process.env['PATH'], HOME: folder.path, OS_AUTH_TYPE: 'none', OS_ENDPOINT: server.url, ...env },
  });
  return stdout;
};
const json = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> =>
  JSON.parse(await openstack([...args, '-f', 'json'], env)) as Record<string, unknown>;

describe('the openstack command without Keystone', () => {
  it('makes a network, a subnet, a port, a group and a rule, lists and shows them', async () => {
    const network = await json(['network', 'create', 'web']);
    expect(network).toMatchObject({ name: 'web', status: 'ACTIVE', project_id: 'admin', mtu: 1500 });
    const subnet = await json(['subnet', 'create', '--network', 'web', '--subnet-range', '10.65.0.0/24', 'web4']);
    expect(subnet).toMatchObject({ cidr: '10.65.0.0/24', gateway_ip: '10.65.0.1', network_id: network['id'] });
    await openstack(['security', 'group', 'create', 'db']);
    const rule = await json([
      'security',
      'group',
      'rule',
      'create',
      '--protocol',
      'tcp',
      '--dst-port',
      '5432',
      '--remote-ip',
      '10.65.0.0/24',
      'db',
    ]);
    expect(rule).toMatchObject({ protocol: 'tcp', port_range_min: 5432, remote_ip_prefix: '10.65.0.0/24', direction: 'ingress' });
    const port = await json(['port', 'create', '--network', 'web', '--fixed-ip', 'ip-address=10.65.0.9', '--security-group', 'db', 'p1']);
    expect(port).toMatchObject({ status: 'DOWN', fixed_ips: [{ ip_address: '10.65.0.9', subnet_id: subnet['id'] }] });
    const listed = JSON.parse(await openstack(['port', 'list', '--long', '-f', 'json'])) as { ID: string; Name: string }[];
    expect(listed.map(({ ID, Name }) => [ID, Name])).toEqual([[port['id'], 'p1']]);
    expect(await json(['network', 'show', 'web'])).toMatchObject({ id: network['id'], subnets: [subnet['id']] });
  });

  it('S13: an overlapping subnet is refused with a message that a person reads', async () => {
    const refused: unknown = await openstack(['subnet', 'create', '--network', 'web', '--subnet-range', '10.65.0.0/25', 'x']).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 1 });
    expect((refused as { stderr: string }).stderr).toMatch(/409.*10\.65\.0\.0\/25.*overlaps.*flat address space/s);
  });

  it('S4: lists the extension l2_adjacency', async () => {
    expect(await openstack(['extension', 'list', '--network', '-f', 'value', '-c', 'Alias'])).toMatch(/^l2_adjacency$/m);
  });

  it('plays another project with a token that names it', async () => {
    const env = { OS_AUTH_TYPE: 'admin_token', OS_TOKEN: 'project:blue' };
    expect(await json(['security', 'group', 'create', 'theirs'], env)).toMatchObject({ project_id: 'blue' });
  });

  it('deletes what it made', async () => {
    await openstack(['port', 'delete', 'p1']);
    await openstack(['network', 'delete', 'web']);
  });
});

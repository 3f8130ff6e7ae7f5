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

const openstack = async (command: string): Promise<string> => {
  const { stdout } = await run('openstack', command.split(' '), {
    env: { PATH: process.env['PATH'], HOME: folder.path, OS_AUTH_TYPE: 'none', OS_ENDPOINT: server.url },
  });
  return stdout;
};
const json = async (command: string): Promise<never> => JSON.parse(await openstack(`${command} -f json`)) as never;
const refusal = async (command: string): Promise<string> =>
  openstack(command).then(
    () => 'taken',
    (error: { stderr: string }) => error.stderr,
  );

describe('the openstack command', () => {
  it('makes pools and scopes, and cuts subnets from them', async () => {
    const scope: { id: string } = await json('address scope create --ip-version 4 scope');
    const create =
      'subnet pool create --pool-prefix 10.0.0.0/16 --default-prefix-length 26 --min-prefix-length 20 --address-scope scope pool';
    expect(await json(create)).toMatchObject({ default_prefixlen: 26, address_scope_id: scope.id, prefixes: ['10.0.0.0/16'] });
    await openstack('network create net');
    expect(await json('subnet create --network net --subnet-pool pool one')).toMatchObject({ cidr: '10.0.0.0/26', gateway_ip: '10.0.0.1' });
    expect(await refusal('subnet create --network net --subnet-pool pool --prefix-length 19 two')).toMatch(/minimum allowed prefix is 20/);
    expect(await json('network show net')).toMatchObject({ ipv4_address_scope: scope.id });
    expect(await refusal('subnet pool delete pool')).toMatch(/Subnet pool has existing allocations/);
    expect(await json('ip availability show net')).toMatchObject({ network_name: 'net', total_ips: 61, used_ips: 0 });
  }, 60_000);

  it('tags, and filters by tags', async () => {
    await openstack('network set --tag red --tag blue net');
    const names = async (filter: string): Promise<string> => (await openstack(`network list ${filter} -f value -c Name`)).trim();
    expect([await names('--tags red,blue'), await names('--not-tags red')]).toEqual(['net', '']);
    await openstack('network unset --tag red net');
    expect(await json('network show net')).toMatchObject({ tags: ['blue'] });
  }, 60_000);

  it('shares security groups, and makes address groups for their rules', async () => {
    await openstack('security group create web');
    const rbac = 'network rbac create --target-all-projects --action access_as_shared --type security_group web';
    expect(await json(rbac)).toMatchObject({ target_project_id: '*', object_type: 'security_group' });
    expect(await refusal(rbac)).toMatch(/409.*already exists/s);
    expect(await json('address group create --address 10.9.0.0/16 --address 10.8.0.5 group')).toMatchObject({
      addresses: ['10.8.0.5/32', '10.9.0.0/16'],
    });
    await openstack('address group unset --address 10.9.0.0/16 group');
    await openstack('security group rule create --remote-address-group group --protocol tcp --dst-port 80 web');
    expect(await refusal('address group delete group')).toMatch(/is in use/);
  }, 60_000);

  it('lists and changes segments', async () => {
    await openstack('network segment create --network net --network-type flat --physical-network rack2 second');
    expect(await openstack('network segment list --network net -f value -c Name')).toMatch(/second/);
    await openstack('network segment delete second');
  }, 60_000);
});

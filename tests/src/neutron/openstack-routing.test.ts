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

type Shown = Readonly<Record<string, unknown>>;

/** Runs Debian's `openstack` with the words of a command line. */
const openstack = async (line: string): Promise<string> => {
  const { stdout } = await run('openstack', line.split(' '), {
    env: { PATH: process.env['PATH'], HOME: folder.path, OS_AUTH_TYPE: 'none', OS_ENDPOINT: server.url },
  });
  return stdout;
};
const shown = async (line: string): Promise<Shown> => JSON.parse(await openstack(`${line} -f json`)) as Shown;
const listed = async (line: string): Promise<readonly Shown[]> => JSON.parse(await openstack(`${line} -f json`)) as readonly Shown[];
const refused = async (line: string): Promise<string> =>
  openstack(line).then(
    () => 'taken',
    (error: unknown) => (error as { stderr: string }).stderr,
  );

/** The tenant pattern's two networks, and an instance's port. */
const makeNetworks = async (): Promise<void> => {
  await openstack('network create --external public');
  await openstack('subnet create --network public --subnet-range 203.0.113.0/24 --no-dhcp public4');
  await openstack('network create private');
  await openstack('subnet create --network private --subnet-range 10.65.0.0/24 private4');
  await openstack('port create --network private --fixed-ip ip-address=10.65.0.9 web');
};

/** Each command is a Python start of a second or more, several on a busy machine. */
const TIMEOUT_MS = 180_000;

describe('the openstack command: routers, floating IPs, port forwardings', { timeout: TIMEOUT_MS }, () => {
  it('connects a tenant network with an external one', async () => {
    await makeNetworks();
    expect(await shown('router create edge')).toMatchObject({
      name: 'edge',
      admin_state_up: true,
      status: 'ACTIVE',
      external_gateway_info: null,
    });
    await openstack('router set --external-gateway public --fixed-ip subnet=public4,ip-address=203.0.113.10 edge');
    await openstack('router add subnet edge private4');
    const router = await shown('router show edge');
    expect(router['external_gateway_info']).toMatchObject({ enable_snat: true, external_fixed_ips: [{ ip_address: '203.0.113.10' }] });
    expect(router['interfaces_info']).toMatchObject([{ ip_address: '10.65.0.1' }]);
    await openstack('router set --disable-snat --external-gateway public edge');
    expect((await shown('router show edge'))['external_gateway_info']).toMatchObject({ enable_snat: false });
    expect(await listed('router list')).toMatchObject([{ Name: 'edge', Status: 'ACTIVE', State: true }]);
    expect(await listed('port list --router edge')).toHaveLength(2);
  });

  it('gives a router routes, one at a time and all at once', async () => {
    await openstack('router add route --route destination=192.0.2.0/24,gateway=10.65.0.200 edge');
    await openstack('router set --route destination=198.18.0.0/15,gateway=10.65.0.200 edge');
    expect((await shown('router show edge'))['routes']).toHaveLength(2);
    expect(await refused('router add route --route destination=192.0.2.128/25,gateway=10.65.0.9 edge')).toMatch(
      /400.*the nexthop is an instance/s,
    );
    expect(await refused('router remove subnet edge private4')).toMatch(/409.*required by one or more routes/s);
    await openstack('router remove route --route destination=192.0.2.0/24,gateway=10.65.0.200 edge');
    await openstack('router unset --route destination=198.18.0.0/15,gateway=10.65.0.200 edge');
    expect((await shown('router show edge'))['routes']).toEqual([]);
  });

  it('S21: puts a floating IP on a port, and takes it off', async () => {
    const made = await shown('floating ip create --floating-ip-address 203.0.113.50 --port web --description front public');
    expect(made).toMatchObject({
      floating_ip_address: '203.0.113.50',
      fixed_ip_address: '10.65.0.9',
      status: 'DOWN',
      description: 'front',
    });
    expect(await refused('floating ip create --port web public')).toMatch(/409.*already has a floating IP/s);
    expect(await refused('router unset --external-gateway edge')).toMatch(/409.*required by one or more floating IPs/s);
    expect(await listed('floating ip list --port web')).toMatchObject([
      { 'Floating IP Address': '203.0.113.50', 'Fixed IP Address': '10.65.0.9', Port: made['port_id'] },
    ]);
    expect(await listed('floating ip list --router edge --status DOWN --long')).toHaveLength(1);
    await openstack('floating ip unset --port 203.0.113.50');
    expect(await shown('floating ip show 203.0.113.50')).toMatchObject({ port_id: null, fixed_ip_address: null, router_id: null });
  });

  it('S23: forwards a port and a range of ports', async () => {
    const port = await shown('port show web');
    const wish = `--internal-ip-address 10.65.0.9 --port ${String(port['id'])} --protocol tcp`;
    const made = await shown(
      `floating ip port forwarding create ${wish} --internal-protocol-port 22 --external-protocol-port 2222 203.0.113.50`,
    );
    expect(made).toMatchObject({ protocol: 'tcp', internal_port: 22, external_port: 2222, internal_ip_address: '10.65.0.9' });
    expect(await refused('floating ip delete 203.0.113.50')).toMatch(/409.*in use by Port Forwarding/s);
    await openstack(`floating ip port forwarding set --external-protocol-port 2223 203.0.113.50 ${String(made['id'])}`);
    expect(await shown(`floating ip port forwarding show 203.0.113.50 ${String(made['id'])}`)).toMatchObject({ external_port: 2223 });
    const taken = `${wish} --internal-protocol-port 80 --external-protocol-port 2223 203.0.113.50`;
    expect(await refused(`floating ip port forwarding create ${taken}`)).toMatch(/400.*port collision/s);
    expect(await listed('floating ip port forwarding list 203.0.113.50')).toHaveLength(1);
    await openstack(`floating ip port forwarding delete 203.0.113.50 ${String(made['id'])}`);
    await openstack('floating ip delete 203.0.113.50');
  });

  it('takes everything apart again', async () => {
    expect(await refused('router delete edge')).toMatch(/409.*has ports still attached/s);
    await openstack('router remove subnet edge private4');
    await openstack('router add port edge web');
    await openstack('router remove port edge web');
    await openstack('router unset --external-gateway edge');
    await openstack('router delete edge');
    await openstack('network delete private');
    await openstack('network delete public');
    expect(await listed('port list')).toEqual([]);
  });
});

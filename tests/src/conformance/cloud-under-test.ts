import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeystoneFixture, startKeystone } from '../keystone/keystone-fixture.js';
import { clientOf } from '../neutron/client.js';
import { makeServerFolder, startServerProcess } from '../neutron/server-process.js';
import { startSimulatedHosts } from '../neutron/start-simulated-hosts.js';

/** A Keystone and a server behind its catalogue, with two hosts, an external network and default subnet pools: what Tempest is pointed at. */
export type ConformanceCloud = {
  readonly keystone: KeystoneFixture;
  readonly url: string;
  readonly publicNetworkId: string;
  readonly extensions: readonly string[];
  /** A folder of its own for Tempest's files. */
  readonly workspace: string;
  readonly end: () => Promise<void>;
};

/** Tempest gives the same CIDR to network after network, as one may where networks are isolated: here the operator has to allow it (S13). */
const SETTINGS = 'log: {level: warn}\naddress_space: {overlapping_subnets: allow}';

/** Starts all of it. The caller ends it. */
export const startConformanceCloud = async (): Promise<ConformanceCloud> => {
  const endings: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of endings.splice(0).toReversed()) await one();
  };
  try {
    const workspace = await mkdtemp(join(tmpdir(), 'manx-conformance-'));
    endings.push(() => rm(workspace, { recursive: true, force: true }));
    await mkdir(join(workspace, 'locks'));
    const keystone = await startKeystone();
    endings.push(keystone.end);
    const folder = await makeServerFolder({ auth: keystone.authLine(), extra: SETTINGS });
    endings.push(folder.remove);
    const server = await startServerProcess(folder);
    endings.push(() => server.end('SIGTERM'));
    endings.push(await startSimulatedHosts(server, folder, 2));
    await keystone.setEndpoint('network', server.url);
    const headers = { 'x-auth-token': await keystone.token(keystone.admin, { project: keystone.adminProject.id }) };
    const client = clientOf(server.url);
    const external = { name: 'public', 'router:external': true, is_default: true, shared: true };
    const network = await client.make('networks', external, headers);
    const subnet = { network_id: network.id, name: 'public', ip_version: 4, cidr: '172.24.4.0/22', enable_dhcp: false };
    await client.make('subnets', subnet, headers);
    for (const [ip_version, prefix, default_prefixlen] of [
      [4, '10.64.0.0/12', 26],
      [6, 'fd00:64::/48', 64],
    ] as const) {
      const pool = { name: `default ${ip_version}`, prefixes: [prefix], default_prefixlen, is_default: true, shared: true };
      await client.make('subnetpools', pool, headers);
    }
    const { body } = await client.call('GET', '/v2.0/extensions', { headers });
    const extensions = (body as { readonly extensions: readonly { readonly alias: string }[] }).extensions.map(({ alias }) => alias);
    return { keystone, url: server.url, publicNetworkId: network.id, extensions, workspace, end };
  } catch (error) {
    await end();
    throw error;
  }
};

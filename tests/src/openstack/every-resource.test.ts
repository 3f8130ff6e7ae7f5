import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type KeystoneFixture, startKeystone } from '../keystone/keystone-fixture.js';
import { makeServerFolder, type ServerFolder, type ServerProcess, startServerProcess } from '../neutron/server-process.js';
import { startSimulatedHosts } from '../neutron/start-simulated-hosts.js';
import {
  accessAndQuotas,
  coreResources,
  networkLogs,
  operations,
  providerNetworks,
  qos,
  routersAndFloatingIps,
  securityGroups,
  subnetPools,
} from './every-resource.js';
import { type OpenstackSession, openOpenstackSession } from './openstack-session.js';

let keystone: KeystoneFixture;
let folder: ServerFolder;
let server: ServerProcess;
let home: string;
/** What has been started, in order. */
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'manx-openstack-'));
  endings.push(() => rm(home, { recursive: true }));
  keystone = await startKeystone();
  endings.push(keystone.end);
  folder = await makeServerFolder({ auth: keystone.authLine(), extra: 'log: {level: warn}' });
  endings.push(folder.remove);
  server = await startServerProcess(folder);
  endings.push(() => server.end('SIGTERM'));
  await keystone.setEndpoint('network', server.url);
}, 300_000);
afterAll(async () => {
  for (const end of endings.toReversed()) await end();
});

const administrator = (): OpenstackSession => {
  const session = openOpenstackSession(keystone.openrc(keystone.admin, { project: keystone.adminProject.id }), home);
  endings.push(session.close);
  return session;
};

describe("Debian's openstack command, with Keystone", () => {
  it('networks, subnets, ports', () => coreResources(administrator()));
  it('provider and external networks, IP availability, zones', () => providerNetworks(administrator()));
  it('security groups, rules, address groups', () => securityGroups(administrator()));
  it('address scopes and subnet pools', () => subnetPools(administrator()));
  it('routers, floating IPs, port forwarding', () => routersAndFloatingIps(administrator()));
  it('QoS policies and rules', () => qos(administrator()));
  it('RBAC policies and quotas', async () => {
    const project = await keystone.makeProject('neighbour');
    await accessAndQuotas(administrator(), project.name);
  });
  it('logs of packets', () => networkLogs(administrator()));
  it('agents, service providers, extensions, BGP speakers', async () => {
    const endHost = await startSimulatedHosts(server, folder, 1);
    try {
      await operations(administrator(), 'sim-1');
    } finally {
      await endHost();
    }
  });
});

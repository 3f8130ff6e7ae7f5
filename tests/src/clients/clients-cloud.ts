import { startKeystone } from '../keystone/keystone-fixture.js';
import { clientOf } from '../neutron/client.js';
import { makeServerFolder, startServerProcess } from '../neutron/server-process.js';
import { startSimulatedHosts } from '../neutron/start-simulated-hosts.js';

/** A Keystone and a server behind its catalogue, with a host and one external network: what clients of other languages are pointed at. */
export type ClientsCloud = {
  /** Makes a project with a member by name; the `OS_*` environment of that member. */
  readonly member: (name: string) => Promise<Readonly<Record<string, string>>>;
  readonly end: () => Promise<void>;
};

/** Starts all of it. The caller ends it. */
export const startClientsCloud = async (): Promise<ClientsCloud> => {
  const endings: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of endings.splice(0).toReversed()) await one();
  };
  try {
    const keystone = await startKeystone();
    endings.push(keystone.end);
    const folder = await makeServerFolder({ auth: keystone.authLine(), extra: 'log: {level: warn}' });
    endings.push(folder.remove);
    const server = await startServerProcess(folder);
    endings.push(() => server.end('SIGTERM'));
    endings.push(await startSimulatedHosts(server, folder, 1));
    await keystone.setEndpoint('network', server.url);
    const headers = { 'x-auth-token': await keystone.token(keystone.admin, { project: keystone.adminProject.id }) };
    const client = clientOf(server.url);
    const outer = await client.make('networks', { name: 'outer', 'router:external': true }, headers);
    await client.make('subnets', { network_id: outer.id, ip_version: 4, cidr: '198.51.100.0/24', enable_dhcp: false }, headers);
    const member = async (name: string): Promise<Readonly<Record<string, string>>> => {
      const project = await keystone.makeProject(name);
      const { user } = await keystone.member(project, 'member');
      return keystone.openrc(user, { project: project.id });
    };
    return { member, end };
  } catch (error) {
    await end();
    throw error;
  }
};

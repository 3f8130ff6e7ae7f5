import { idIn, project } from './contestant.js';
import type { LoadClient } from './load-client.js';

/** A cloud that grows: ports on all hosts, in groups of which each is open to itself, and one group that is on every host. */
export type LargeCloud = {
  /** A group with a member on every host, once there are as many ports as hosts. */
  readonly everywhere: string;
  readonly networks: readonly string[];
  /** Makes ports until there are so many. */
  readonly grow: (count: number) => Promise<void>;
  /** The id of some port. */
  readonly portAt: (index: number) => string;
  /** What a port that is made besides should be: as the others are, bound to a host. */
  readonly another: (index: number) => object;
};

const BATCH = 500;
const PORTS_A_NETWORK = 16_000;

/** Makes networks and groups; the hosts `sim-1`... must be alive before it grows. */
export const makeLargeCloud = async (
  client: LoadClient,
  { ports, groups, hosts }: { readonly ports: number; readonly groups: number; readonly hosts: number },
): Promise<LargeCloud> => {
  const networks: string[] = [];
  for (let at = 0; at * PORTS_A_NETWORK < ports; at += 1) networks.push(await makeNetwork(client, `10.${100 + at}.0.0/16`));
  const groupIds: string[] = [];
  for (let at = 0; at <= groups; at += 1) groupIds.push(await makeGroup(client, at));
  const [everywhere = ''] = groupIds;
  const ids: string[] = [];
  // A group's ports are neighbours, on a few hosts each, as a project's instances are; every host has ports of many groups.
  const perGroup = Math.max(1, Math.ceil(ports / groups));
  const portFor = (index: number): object => ({
    network_id: networks[Math.floor(index / PORTS_A_NETWORK) % networks.length],
    tenant_id: project,
    device_id: `device-${index}`,
    device_owner: 'compute:nova',
    'binding:host_id': `sim-${1 + (index < hosts ? index : (7 * Math.floor(index / 10)) % hosts)}`,
    security_groups: [index < hosts ? everywhere : groupIds[1 + (Math.floor(index / perGroup) % groups)]],
  });
  return {
    everywhere,
    networks,
    grow: async (count) => {
      while (ids.length < count) {
        const batch = Array.from({ length: Math.min(BATCH, count - ids.length) }, (_, at) => portFor(ids.length + at));
        const made = JSON.parse(await client.send('POST', '/v2.0/ports', { ports: batch })) as {
          readonly ports: readonly { readonly id: string }[];
        };
        ids.push(...made.ports.map(({ id }) => id));
      }
    },
    portAt: (index) => ids[index % ids.length] ?? '',
    another: (index) => ({ port: { ...portFor(hosts + index), device_id: '' } }),
  };
};

const makeNetwork = async (client: LoadClient, cidr: string): Promise<string> => {
  const id = idIn(await client.send('POST', '/v2.0/networks', { network: { name: cidr, tenant_id: project } }));
  await client.send('POST', '/v2.0/subnets', { subnet: { network_id: id, tenant_id: project, ip_version: 4, cidr } });
  return id;
};

const makeGroup = async (client: LoadClient, at: number): Promise<string> => {
  const id = idIn(await client.send('POST', '/v2.0/security-groups', { security_group: { name: `group-${at}`, tenant_id: project } }));
  const rule = { security_group_id: id, tenant_id: project, direction: 'ingress', ethertype: 'IPv4', remote_group_id: id };
  await client.send('POST', '/v2.0/security-group-rules', { security_group_rule: rule });
  return id;
};

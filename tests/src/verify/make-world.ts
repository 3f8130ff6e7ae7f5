import { NeutronError, type NeutronResource } from '@manx/lab/attack-kit';
import { client, update } from './oracle-client.js';
import { unplugAll } from './play-live.js';
import { playStep, share, tell } from './play-step.js';
import { projects, sizes, type World } from './world.js';

/** What stays from sequence to sequence: networks, a router between the first and the external one, empty address groups. */
export type Ground = Omit<World, 'guests' | 'groups' | 'floating' | 'addressGroups' | 'logs'>;

const makeNetwork = async (name: string, project: string, more: object): Promise<string> =>
  (await client.create('networks', 'network', { name, project_id: project, ...more })).id;

const makeSubnet = async (network: string, body: object): Promise<string> =>
  (await client.create('subnets', 'subnet', { network_id: network, enable_dhcp: false, ...body })).id;

/** What a look never comes near: 10 Gbit/s. */
const AMPLE = { max_kbps: 10_000_000, max_burst_kbps: 10_000_000 } as const;

const addAmpleLimits = async (policy: string): Promise<void> => {
  for (const direction of ['egress', 'ingress'] as const)
    await client.create(`qos/policies/${policy}/bandwidth_limit_rules`, 'bandwidth_limit_rule', { direction, ...AMPLE });
};

/** Makes the ground in a lab. */
export const makeGround = async (hosts: readonly string[]): Promise<Ground> => {
  const networks: World['networks'][number][] = [];
  for (const [at, project] of projects.entries()) {
    const id = await makeNetwork(`oracle-${at}`, project, { shared: true });
    const v4 = await makeSubnet(id, { ip_version: 4, cidr: `10.77.${at}.0/24`, project_id: project });
    const v6 = await makeSubnet(id, { ip_version: 6, cidr: `fd77:0:0:${at}::/64`, project_id: project });
    networks.push({ id, subnets: [v4, v6], project });
  }
  const external = await makeNetwork('oracle-external', projects[0], { 'router:external': true });
  await makeSubnet(external, { ip_version: 4, cidr: '10.77.9.0/24', project_id: projects[0] });
  const external_gateway_info = { network_id: external };
  const router = await client.create('routers', 'router', { name: 'oracle', project_id: projects[0], external_gateway_info });
  await client.act('routers', router.id, { action: 'add_router_interface', body: { subnet_id: networks[0]?.subnets[0] } });
  const qos = await client.create('qos/policies', 'policy', { name: 'oracle', project_id: projects[0], shared: true });
  await client.create(`qos/policies/${qos.id}/dscp_marking_rules`, 'dscp_marking_rule', { dscp_mark: 26 });
  await addAmpleLimits(qos.id);
  const limits = await client.create('qos/policies', 'policy', { name: 'oracle-limits', project_id: projects[0], shared: true });
  await addAmpleLimits(limits.id);
  return { networks, external, router: router.id, qos: qos.id, limits: limits.id, hosts };
};

/** A fresh cloud on the ground: groups with the rules that they are born with, nobody in them. */
export const freshWorld = async (ground: Ground): Promise<World> => {
  const groups = await Promise.all(
    Array.from({ length: sizes.groups }, async (_, at) => {
      const body = {
        name: `oracle-${at}`,
        project_id: projects[at < sizes.secondGroups ? 0 : 1],
        ...(at === sizes.statelessGroup ? { stateful: false } : {}),
      };
      const group = await client.create('security-groups', 'security_group', body);
      const rules = (group['security_group_rules'] as readonly NeutronResource[]).toSorted((a, b) =>
        String(a['ethertype']) < String(b['ethertype']) ? -1 : 1,
      );
      return { id: group.id, rules: rules.map(({ id }) => id) };
    }),
  );
  const addressGroups = await Promise.all(
    Array.from({ length: sizes.addressGroups }, async (_, at) => {
      const body = { name: `oracle-${at}`, project_id: projects[0], addresses: ['192.0.2.1/32'] };
      return (await client.create('address-groups', 'address_group', body)).id;
    }),
  );
  return { ...ground, groups, addressGroups, guests: new Map(), floating: new Map(), logs: new Map() };
};

/** Removes what may have gone already, with what it was part of. */
const remove = async (collection: string, id: string): Promise<void> => {
  try {
    await client.remove(collection, id);
  } catch (error) {
    if (!(error instanceof NeutronError) || error.status !== 404) throw error;
  }
};

/** As it was in the beginning: the first network alone is on the router. What is so already the API refuses. */
const setInterfaces = async (world: World): Promise<void> => {
  for (const network of [0, 1] as const) await playStep(world, { do: 'interface', network, on: network === 0 });
};

/** Takes away what the steps made, and puts right what they set. */
export const clearWorld = async (world: World): Promise<void> => {
  await Promise.all(
    [...world.floating.values()].map(async ({ id, forwards }) => {
      for (const forwarding of forwards) await remove(`floatingips/${id}/port_forwardings`, forwarding);
      await remove('floatingips', id);
    }),
  );
  await Promise.all(
    [...world.guests.values()].map(async (guest) => {
      await remove('ports', guest.port);
      await unplugAll(guest);
    }),
  );
  await Promise.all([...world.logs.values()].map(async (id) => await remove('log/logs', id)));
  await Promise.all(world.networks.map(async (_, network) => await tell(world, { do: 'told', network, on: false })));
  for (const [network] of world.networks.entries()) await share(world, { do: 'share', network, by: 'all' });
  await setInterfaces(world);
  await Promise.all([
    ...world.groups.map(async ({ rules }) => await Promise.all(rules.map(async (id) => await remove('security-group-rules', id)))),
    ...world.networks.map(async ({ id }) => await update('networks', id, { admin_state_up: true })),
    update('routers', world.router, {
      admin_state_up: true,
      external_gateway_info: { network_id: world.external, enable_snat: true },
    }),
  ]);
  await Promise.all(world.groups.map(async ({ id }) => await remove('security-groups', id)));
  await Promise.all(world.addressGroups.map(async (id) => await remove('address-groups', id)));
};

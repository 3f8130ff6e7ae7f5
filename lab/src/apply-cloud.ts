import { asCidr, familyOf } from '@manx/ip';
import { apiUrl } from './api-socket.js';
import type { Making } from './build-lab.js';
import type { Cloud, CloudGroup, CloudRule } from './cloud.js';
import { type Booted, bootInstance } from './instances.js';
import { LabError } from './lab-error.js';
import { type NeutronClient, NeutronError, type NeutronResource, openNeutronClient } from './neutron-client.js';

/** A client that acts for a project, with an administrator's rights. */
export const clientFor = (project: string): NeutronClient => openNeutronClient(apiUrl, { 'x-project-id': project });

/** Makes a cloud's networks, groups and instances through the API, and boots the instances side by side. */
export const applyCloud = async (cloud: Cloud, { progress, signal }: Making): Promise<readonly Booted[]> => {
  progress(`networks: ${cloud.networks.map(({ name }) => name).join(', ') || 'none'}`);
  for (const network of cloud.networks) {
    const client = clientFor(network.project);
    const { name, project, shared, subnets } = network;
    const { id } = await about(`network ${name}`, client.create('networks', 'network', { name, project_id: project, shared }));
    for (const cidr of subnets) {
      const body = { network_id: id, project_id: project, ...subnetBody(name, cidr) };
      await about(`subnet ${cidr} of network ${name}`, client.create('subnets', 'subnet', body));
    }
  }
  signal.throwIfAborted();
  progress(`security groups: ${cloud.groups.map(({ name }) => name).join(', ') || 'only the default ones'}`);
  await makeGroups(cloud.groups);
  signal.throwIfAborted();
  progress(`instances: ${cloud.instances.map(({ name }) => name).join(', ') || 'none'}`);
  const boots = await Promise.allSettled(
    cloud.instances.map(async ({ name, network, project, host, groups, address }) =>
      about(`instance ${name}`, bootInstance(clientFor(project), { name, network, project, host, groups, address, signal })),
    ),
  );
  return boots.map((boot) => {
    if (boot.status === 'rejected') throw boot.reason;
    return boot.value;
  });
};

/** Says which part of the cloud an error is about. */
const about = async <T>(what: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LabError && error.code !== 'interrupted') throw new LabError(error.code, `${what}: ${error.message}`);
    if (error instanceof NeutronError) throw new LabError('cloud', `${what}: ${error.message} (${error.type})`);
    throw error;
  }
};

/** A subnet as the lab makes it: SLAAC for IPv6, so that every instance forms the address that the API shows. */
export const subnetBody = (network: string, cidr: string): object =>
  familyOf(asCidr(cidr)) === 4
    ? { name: `${network}-v4`, ip_version: 4, cidr }
    : { name: `${network}-v6`, ip_version: 6, cidr, ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' };

/**
 * Groups first, then rules: a rule may name any group. A new group allows all egress (Neutron's default); where the file has a rule with
 * `to`, the file's rules stand in place of that.
 */
const makeGroups = async (groups: readonly CloudGroup[]): Promise<void> => {
  const ids = new Map<string, string>();
  for (const { name, project, rules } of groups) {
    const client = clientFor(project);
    const made = await about(`group ${name}`, client.create('security-groups', 'security_group', { name, project_id: project }));
    ids.set(name, made.id);
    if (!rules.some(({ direction }) => direction === 'egress')) continue;
    for (const { id } of made['security_group_rules'] as readonly NeutronResource[]) await client.remove('security-group-rules', id);
  }
  for (const { name, project, rules } of groups) {
    for (const rule of rules) {
      const body = ruleBody(rule, { name, project, ids });
      await about(`a rule of group ${name}`, clientFor(project).create('security-group-rules', 'security_group_rule', body));
    }
  }
};

const ruleBody = (
  { remoteGroup, ...rule }: CloudRule,
  group: { readonly name: string; readonly project: string; readonly ids: ReadonlyMap<string, string> },
): object => ({
  ...rule,
  project_id: group.project,
  security_group_id: group.ids.get(group.name),
  ...(remoteGroup === undefined ? {} : { remote_group_id: group.ids.get(remoteGroup) }),
});

import { asCidr, type Cidr } from '@manx/ip';
import {
  bootInstance,
  clientFor,
  type Guest,
  guestOf,
  instanceNamed,
  type NeutronClient,
  type NeutronResource,
  readRunningLab,
  subnetBody,
} from '@manx/lab/attack-kit';

/** Who an attack is about, all on one network and, but for the attacker, twice: on the attacker's host and on another. */
export type Place = {
  readonly name: 'on one host' | 'on two hosts';
  /** Lets nobody in but its friends. */
  readonly victim: Guest;
  readonly friend: Guest;
  /** Of a third project; lets everything in, so that what does not arrive there was not stopped by its own group. */
  readonly witness: Guest;
};

/** The shooting range that every attack runs on. Plain data: it is handed to the processes of the tests. */
export type Range = {
  readonly hosts: readonly string[];
  readonly network: string;
  readonly subnet: string;
  readonly subnet6: string;
  readonly cidr: Cidr;
  readonly gateway: string;
  /** The attacker, on the first host; lets everything in, so that what is led astray to it arrives. */
  readonly mallory: Guest;
  readonly places: readonly [Place, Place];
  readonly groups: { readonly open: string; readonly guarded: string; readonly friends: string; readonly witness: string };
};

/** The projects: the attacker's, the victims' and their friends', the witnesses', and that of the ports of `freshPort`. */
export const projects = { mallory: 'mallory', alice: 'alice', wendy: 'wendy', fresh: 'fresh' } as const;

/** The subnet whose whole prefix an attacker may ask for as an address pair. */
const [cidr, cidr6] = [asCidr('10.0.9.0/24'), asCidr('fd00:9::/64')];

/** A group of a project with these rules beside the two that let everything out. */
export const makeGroup = async (name: string, project: string, rules: readonly object[]): Promise<string> => {
  const client = clientFor(project);
  const { id } = await client.create('security-groups', 'security_group', { name, project_id: project });
  for (const rule of rules) await addRule(client, id, rule);
  return id;
};

/** Adds a rule to a group: ingress, unless it says otherwise. */
export const addRule = async (client: NeutronClient, group: string, rule: object): Promise<NeutronResource> =>
  await client.create('security-group-rules', 'security_group_rule', { direction: 'ingress', security_group_id: group, ...rule });

const both = (rule: object): object[] => ['IPv4', 'IPv6'].map((ethertype) => ({ ethertype, ...rule }));

type Boot = { readonly name: string; readonly project: string; readonly host: string; readonly groups: readonly string[] };

/** Boots an instance on the range's network. */
const bootGuest = async (network: string, { name, project, host, groups }: Boot): Promise<Guest> => {
  await bootInstance(clientFor(project), { name, network, project, host, groups });
  return guestOf(instanceNamed(await readRunningLab(), name));
};

const makeGroups = async (): Promise<Range['groups']> => {
  const friends = await makeGroup('friends', projects.alice, []);
  const [open, guarded, witness] = await Promise.all([
    makeGroup('open', projects.mallory, both({})),
    makeGroup('guarded', projects.alice, both({ remote_group_id: friends })),
    makeGroup('open', projects.wendy, both({})),
  ]);
  return { open, guarded, friends, witness };
};

/** Makes the range in a running lab of two hosts without a cloud. */
export const makeRange = async (): Promise<Range> => {
  const { hosts } = await readRunningLab();
  const [first = '', second = ''] = hosts;
  const client = clientFor(projects.wendy);
  const network = await client.create('networks', 'network', { name: 'range', project_id: projects.wendy, shared: true });
  const subnets: string[] = [];
  for (const one of [cidr, cidr6]) {
    // The other addresses are the attacks' own to name: no instance is ever given one.
    const pool = one === cidr ? { allocation_pools: [{ start: '10.0.9.70', end: '10.0.9.239' }] } : {};
    const body = { network_id: network.id, project_id: projects.wendy, ...subnetBody('range', one), ...pool };
    subnets.push((await client.create('subnets', 'subnet', body)).id);
  }
  const groups = await makeGroups();
  const boot = async (name: string, project: string, where: { readonly host: string; readonly group: string }): Promise<Guest> =>
    await bootGuest(network.id, { name, project, host: where.host, groups: [where.group] });
  const place = async (name: Place['name'], host: string): Promise<Place> => {
    const [victim, friend, witness] = await Promise.all([
      boot(`victim-${host}`, projects.alice, { host, group: groups.guarded }),
      boot(`friend-${host}`, projects.alice, { host, group: groups.friends }),
      boot(`witness-${host}`, projects.wendy, { host, group: groups.witness }),
    ]);
    return { name, victim, friend, witness };
  };
  const [mallory, near, far] = await Promise.all([
    boot('mallory', projects.mallory, { host: first, group: groups.open }),
    place('on one host', first),
    place('on two hosts', second),
  ]);
  const [subnet = '', subnet6 = ''] = subnets;
  return { hosts, network: network.id, subnet, subnet6, cidr, gateway: '10.0.9.1', mallory, places: [near, far], groups };
};

import { clientFor, hostNamespace, instanceNamespace, type NeutronClient, runProgram, waitUntil } from '@manx/lab/bench-kit';
import { type BenchNetwork, type GuestPort, gateway, makeGuests, makePort, plugIn, project, tapOf } from './guest.js';

/** The cloud that figures 2 and 3 are measured in: hosts with ports, groups and rules that are not the ones under test. */
export type BenchCloud = {
  readonly client: NeutronClient;
  readonly network: BenchNetwork;
  /** The next port, with an address and a group of its own choosing. */
  readonly nextPort: (name: string, host: string) => GuestPort;
};

export const hosts = ['h1', 'h2', 'h3'] as const;
const groupCount = 200;
const rulesPerGroup = 10;

/** One group in which everybody is, open to itself; and groups with rules enough to look like a cloud's. */
const makeGroups = async (client: NeutronClient): Promise<readonly string[]> => {
  const addRule = async (security_group_id: string, rule: object): Promise<unknown> =>
    await client.create('security-group-rules', 'security_group_rule', {
      project_id: project,
      security_group_id,
      direction: 'ingress',
      ...rule,
    });
  const common = await client.create('security-groups', 'security_group', { name: 'common', project_id: project });
  await addRule(common.id, { protocol: 'icmp' });
  for (const protocol of ['tcp', 'udp'])
    await addRule(common.id, { protocol, port_range_min: 5201, port_range_max: 5201, remote_group_id: common.id });
  const ids = [common.id];
  for (let group = 1; group <= groupCount; group += 1) {
    const { id } = await client.create('security-groups', 'security_group', { name: `group-${group}`, project_id: project });
    for (let rule = 1; rule <= rulesPerGroup; rule += 1) {
      const port = 1000 + 10 * rule;
      await addRule(id, {
        protocol: 'tcp',
        port_range_min: port,
        port_range_max: port,
        remote_ip_prefix: `172.${16 + (group % 16)}.${rule}.0/24`,
      });
    }
    ids.push(id);
  }
  return ids;
};

export const untilAllActive = async (client: NeutronClient): Promise<void> =>
  await waitUntil(
    'all ports to become ACTIVE',
    async () => (await client.list('ports')).every((port) => port['binding:host_id'] === '' || port['status'] === 'ACTIVE'),
    60_000,
  );

/** Whose namespace has the other ends of the crowd's taps. */
export const crowdGuest = 'bench-crowd';

/** The end there of a port's tap: `g` and the eleven characters of the port that its tap is named by. */
export const crowdWire = (port: string): string => `g${port.slice(0, 11)}`;

/**
 * Ports that are plugged in and silent, dealt out to the given hosts; their other ends share one namespace. Resolves when all are ACTIVE,
 * with their addresses.
 */
export const addCrowd = async (
  { client, network, nextPort }: BenchCloud,
  { count, on }: { readonly count: number; readonly on: readonly string[] },
): Promise<readonly string[]> => {
  const lines = new Map<string, string[]>(on.map((host) => [host, []]));
  const ups: string[] = [];
  const addresses: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const host = on[index % on.length] ?? hosts[0];
    const guest = nextPort('crowd', host);
    addresses.push(guest.address);
    const port = await makePort(client, network, guest);
    const peer = crowdWire(port.id);
    ups.push(`link set ${peer} up\n`);
    lines
      .get(host)
      ?.push(`link add ${tapOf(port)} type veth peer name ${peer} netns ${instanceNamespace(crowdGuest)}`, `link set ${tapOf(port)} up`);
  }
  for (const [host, text] of lines) await runProgram(['ip', '-n', hostNamespace(host), '-batch', '-'], { stdin: `${text.join('\n')}\n` });
  await runProgram(['ip', '-n', instanceNamespace(crowdGuest), '-batch', '-'], { stdin: ups.join('') });
  await untilAllActive(client);
  return addresses;
};

/** Makes the network, the groups and the silent crowd in a lab that is up and empty. */
export const makeBenchCloud = async (crowd: number): Promise<BenchCloud> => {
  const client = clientFor(project);
  const { id: networkId } = await client.create('networks', 'network', { name: 'bench', project_id: project });
  await client.create('subnets', 'subnet', {
    network_id: networkId,
    project_id: project,
    ip_version: 4,
    cidr: '10.80.0.0/16',
    gateway_ip: gateway,
  });
  const network = { networkId, groupIds: await makeGroups(client) };
  let made = 0;
  const nextPort = (name: string, host: string): GuestPort => {
    made += 1;
    const address = `10.80.${1 + Math.floor(made / 250)}.${1 + (made % 250)}`;
    return { name, host, address, group: network.groupIds[1 + (made % groupCount)] ?? '' };
  };
  const cloud = { client, network, nextPort };
  await makeGuests([crowdGuest]);
  await addCrowd(cloud, { count: crowd, on: hosts });
  return cloud;
};

/** Boots guests side by side and waits until they are ACTIVE. */
export const bootGuests = async (cloud: BenchCloud, places: Readonly<Record<string, string>>): Promise<readonly GuestPort[]> => {
  const guests = Object.entries(places).map(([name, host]) => cloud.nextPort(name, host));
  await makeGuests(guests.map(({ name }) => name));
  for (const guest of guests) await plugIn(await makePort(cloud.client, cloud.network, guest), guest);
  await untilAllActive(cloud.client);
  return guests;
};

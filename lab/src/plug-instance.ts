import { requestLease } from './dhcp-client.js';
import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';
import { hostNamespace } from './layout.js';
import { execIn } from './namespace-exec.js';
import { endProcesses } from './namespace-processes.js';
import type { NeutronClient } from './neutron-client.js';
import { logTail, waitUntil } from './program.js';
import { runProgram } from './run-program.js';
import type { Instance } from './running-lab.js';
import { labNamespaces } from './tear-down.js';

/** IPv6 waits for the port; addresses are formed as the API's are (EUI-64). */
const guestSysctls = [
  'net.ipv6.conf.default.disable_ipv6=1',
  'net.ipv6.conf.default.addr_gen_mode=0',
  'net.ipv6.conf.default.use_tempaddr=0',
  'net.ipv6.conf.default.router_solicitation_delay=0',
];

/**
 * The tap in the host's namespace and, as its other end, the instance's `eth0`. IPv6 stays off in the instance until its port is
 * ACTIVE, when a real guest would only start to boot. An instance that moves has its namespace already.
 */
export const makeTap = async ({ netns, tap, mac, host, mtu }: Instance): Promise<void> => {
  await runProgram(['ip', 'netns', 'add', netns], { ignore: /File exists/ });
  await runProgram(['ip', 'netns', 'exec', netns, 'sysctl', '-qw', ...guestSysctls]);
  await runProgram([
    'ip',
    '-n',
    hostNamespace(host),
    'link',
    'add',
    tap,
    'mtu',
    String(mtu),
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'address',
    mac,
    'netns',
    netns,
  ]);
  // The tap first, as a hypervisor has it: what a guest sends before its other end is up can wait a second in its queue.
  await runProgram(['ip', '-n', hostNamespace(host), 'link', 'set', tap, 'up']);
  await runProgram(['ip', '-n', netns, '-batch', '-'], { stdin: 'link set lo up\nlink set eth0 up\n' });
};

/** Removes the tap, and the instance's `eth0` with it. Does nothing when there is none. */
export const removeTap = async ({ host, tap }: Pick<Instance, 'host' | 'tap'>): Promise<void> => {
  await runProgram(['ip', '-n', hostNamespace(host), 'link', 'del', tap], { ignore: /Cannot find device|No such file/ });
};

/** Ends what runs in an instance and removes its namespace, links included. Does nothing when there is none. */
export const removeGuest = async (netns: string): Promise<void> => {
  if (!(await labNamespaces()).includes(netns)) return;
  await endProcesses([netns]);
  await runProgram(['ip', 'netns', 'del', netns]);
};

/** Waits until the port is ACTIVE; LabError `not-active` with the last words of the host's agent. */
export const untilActive = async (client: NeutronClient, { port_id, host }: Instance, signal?: AbortSignal): Promise<void> => {
  let status = 'unknown';
  try {
    await waitUntil(`port ${port_id} to become ACTIVE on ${host}`, async () => {
      signal?.throwIfAborted();
      status = String((await client.show('ports', port_id))['status']);
      return status === 'ACTIVE';
    });
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'timeout') throw error;
    const agent = `agent-${host}`;
    throw new LabError(
      'not-active',
      `${error.message} It is ${status}. The agent's last words (${labPaths.log(agent)}):\n${await logTail(agent, 4)}`,
    );
  }
};

/** Where an instance has its addresses from: DHCPv4, router advertisements, or, where nobody serves a subnet, a config drive. */
type Sources = { readonly leased: readonly string[]; readonly formed: readonly string[]; readonly set: readonly string[] };

type FixedIp = { readonly subnet_id: string; readonly ip_address: string };

const sourcesOf = async (client: NeutronClient, port_id: string): Promise<Sources> => {
  const port = await client.show('ports', port_id);
  const subnets = new Map((await client.list('subnets', { network_id: String(port['network_id']) })).map((subnet) => [subnet.id, subnet]));
  const kindOf = ({ subnet_id, ip_address }: FixedIp): keyof Sources => {
    const subnet = subnets.get(subnet_id);
    if (subnet?.['enable_dhcp'] !== true) return 'set';
    if (!ip_address.includes(':')) return 'leased';
    return subnet['ipv6_address_mode'] === 'slaac' || subnet['ipv6_address_mode'] === 'dhcpv6-stateless' ? 'formed' : 'set';
  };
  const fixed = port['fixed_ips'] as readonly FixedIp[];
  const of = (kind: keyof Sources): string[] => fixed.filter((one) => kindOf(one) === kind).map(({ ip_address }) => ip_address);
  return { leased: of('leased'), formed: of('formed'), set: of('set') };
};

/** Lets the instance configure itself as a guest does, and resolves when each address that the API shows is usable in it. */
export const configureGuest = async (client: NeutronClient, instance: Instance, signal?: AbortSignal): Promise<void> => {
  const { name, netns, port_id } = instance;
  const { leased, formed, set } = await sourcesOf(client, port_id);
  // Real duplicate address detection, without waiting as long as a physical link would ask for.
  await runProgram([
    'ip',
    'netns',
    'exec',
    netns,
    'sysctl',
    '-qw',
    'net.ipv6.neigh.eth0.retrans_time_ms=50',
    'net.ipv6.conf.eth0.disable_ipv6=0',
  ]);
  const ending = new AbortController();
  const either = AbortSignal.any(signal === undefined ? [ending.signal] : [ending.signal, signal]);
  try {
    await Promise.all([leased.length > 0 ? requestLease(name, netns) : undefined, untilFormed(instance, formed, either)]);
  } finally {
    // When the one has failed the other need not go on.
    ending.abort();
  }
  for (const address of set) {
    const family = address.includes(':') ? ['-6', `${address}/128`, 'nodad'] : ['-4', `${address}/32`];
    const [version = '-4', ...words] = family;
    await runProgram(['ip', version, '-n', netns, 'addr', 'add', ...words, 'dev', 'eth0']);
  }
};

const untilFormed = async ({ name, netns }: Instance, wanted: readonly string[], signal: AbortSignal): Promise<void> => {
  if (wanted.length === 0) return;
  await waitUntil(`${name} to form ${wanted.join(', ')} from router advertisements`, async () => {
    signal.throwIfAborted();
    const { stdout } = await execIn(netns, ['ip', '-6', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global', '-tentative']);
    return wanted.every((address) => stdout.includes(` ${address}/`));
  });
};

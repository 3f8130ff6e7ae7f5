import { hostNamespace, instanceNamespace, type NeutronClient, type NeutronResource, runProgram } from '@manx/lab/bench-kit';

/** The network that the benchmarks boot on, as the API made it. */
export type BenchNetwork = { readonly networkId: string; readonly groupIds: readonly string[] };

/** A port to make: where, with which address, in which groups beside the common one. */
export type GuestPort = { readonly name: string; readonly host: string; readonly address: string; readonly group: string };

export const gateway = '10.80.0.1';
export const project = 'bench';

/** A port bound to its host in one request, as Nova makes it. */
export const makePort = async (client: NeutronClient, network: BenchNetwork, port: GuestPort): Promise<NeutronResource> =>
  await client.create('ports', 'port', {
    name: port.name,
    network_id: network.networkId,
    project_id: project,
    device_owner: 'compute:nova',
    device_id: `bench-${port.name}`,
    'binding:host_id': port.host,
    security_groups: [network.groupIds[0], port.group],
    fixed_ips: [{ ip_address: port.address }],
  });

export const tapOf = (port: NeutronResource): string => `tap${port.id.slice(0, 11)}`;

/** Empty namespaces for guests: a machine that has power, and nothing plugged in. */
export const makeGuests = async (names: readonly string[]): Promise<void> => {
  const namespaces = names.map(instanceNamespace);
  await runProgram(['ip', '-batch', '-'], { stdin: namespaces.map((name) => `netns add ${name}\n`).join('') });
  for (const namespace of namespaces) {
    await runProgram(['ip', 'netns', 'exec', namespace, 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1']);
    await runProgram(['ip', '-n', namespace, 'link', 'set', 'lo', 'up']);
  }
};

/**
 * The tap and its other end, as `lab boot` makes them, and the address set by hand where `lab boot` runs a DHCP client. The tap is up
 * before the guest's end, as a virtual machine finds it: the other way round the guest's queue is opened by a work queue of the kernel
 * (net/core/link_watch.c), and a first ARP request lost to that is repeated after a second.
 */
export const plugIn = async (port: NeutronResource, { name, host, address }: GuestPort): Promise<void> => {
  const [tap, guest] = [tapOf(port), instanceNamespace(name)];
  const hostLines = [
    `link add ${tap} type veth peer name eth0 address ${String(port['mac_address'])} netns ${guest}`,
    `link set ${tap} up`,
  ];
  const guestLines = [
    `addr add ${address}/32 dev eth0`,
    'link set eth0 up',
    `route add ${gateway} dev eth0`,
    `route add default via ${gateway}`,
  ];
  await runProgram(['ip', '-n', hostNamespace(host), '-batch', '-'], { stdin: `${hostLines.join('\n')}\n` });
  await runProgram(['ip', '-n', guest, '-batch', '-'], { stdin: `${guestLines.join('\n')}\n` });
};

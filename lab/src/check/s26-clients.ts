import { writeFile } from 'node:fs/promises';
import { bootInstance } from '../instances.js';
import { labPaths } from '../lab-paths.js';
import { execIn } from '../namespace-exec.js';
import type { NeutronClient } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { bootName } from './make-field.js';
import { type Row, row } from './row.js';

/** An instance that a client runs in. */
type Place = { readonly name: string; readonly netns: string };

/**
 * Says what the client was given, changes nothing in the instance, and ends the client. As a distribution's own script does, it waits for the link-local
 * address, which a client of DHCPv6 speaks from.
 */
const clientScript = `#!/bin/sh
case "$reason" in
PREINIT6) until ip -6 -o addr show dev "$interface" scope link -tentative | grep -q fe80; do sleep 0.02; done ;;
BOUND | RENEW | REBOOT | BOUND6 | RENEW6 | REBIND6) env | sed -n 's/^new_/GIVEN /p'; kill "$PPID" ;;
esac
exit 0
`;

/** What ISC's dhclient is given, by the names that its scripts know; empty when it is given nothing within ten seconds. */
const dhclient = async ({ name, netns }: Place, args: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const file = (what: string): string => `${labPaths.instance(name)}/dhclient-${what}`;
  await writeFile(file('script'), clientScript, { mode: 0o755 });
  await writeFile(file('conf'), 'also request interface-mtu;\n');
  const own = ['-1', '-d', '-sf', file('script'), '-lf', file('leases'), '-pf', file('pid'), '-cf', file('conf')];
  await writeFile(file('leases'), '');
  const { stdout } = await execIn(netns, ['dhclient', ...args, ...own, 'eth0'], 10_000);
  return new Map([...stdout.matchAll(/^GIVEN (\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
};

const told = (given: ReadonlyMap<string, string>, keys: readonly string[]): string =>
  given.size === 0 ? 'nothing' : keys.map((key) => given.get(key) ?? `no ${key}`).join(', ');

/** ISC's client beside the lab's own udhcpc, which every instance has its IPv4 address by. */
const dhcp4Row = async ({ near, gateway }: Field): Promise<Row> => {
  const keys = ['ip_address', 'routers', 'interface_mtu', 'dhcp_server_identifier'];
  const given = await dhclient(near, ['-4']);
  return row('S26', `dhclient over IPv4 in near: its address ${near.v4}, the gateway as router and server, the MTU`, {
    saw: told(given, keys),
    ok: told(given, keys) === [near.v4, gateway, String(near.mtu), gateway].join(', '),
  });
};

type Mode = 'dhcpv6-stateful' | 'dhcpv6-stateless';

const nameServer = '2001:db8::53';

/** An instance on an IPv6 network of a mode; its address by the API. */
const bootWith = async (client: NeutronClient, { mode, cidr, field }: { mode: Mode; cidr: string; field: Field }) => {
  const name = bootName(mode);
  const project_id = field.tenantProject;
  const network = await client.create('networks', 'network', { name, project_id });
  const modes = { ipv6_ra_mode: mode, ipv6_address_mode: mode, dns_nameservers: [nameServer] };
  await client.create('subnets', 'subnet', { name, project_id, network_id: network.id, ip_version: 6, cidr, ...modes });
  const { netns, addresses } = await bootInstance(client, {
    name,
    network: network.id,
    project: project_id,
    host: field.near.host,
    groups: [field.openGroup],
  });
  return { name, netns, address: addresses[0] ?? 'none' };
};

const statefulRow = async (field: Field, client: NeutronClient): Promise<Row> => {
  const place = await bootWith(client, { mode: 'dhcpv6-stateful', cidr: field.dhcp6Cidrs[0], field });
  const keys = ['ip6_address', 'dhcp6_name_servers'];
  const given = await dhclient(place, ['-6']);
  return row('S26', `dhclient over IPv6, stateful: the address that the API shows (${place.address}), the name server`, {
    saw: told(given, keys),
    ok: told(given, keys) === `${place.address}, ${nameServer}`,
  });
};

/** The kernel forms the address, and the client asks for the rest. */
const statelessRow = async (field: Field, client: NeutronClient): Promise<Row> => {
  const place = await bootWith(client, { mode: 'dhcpv6-stateless', cidr: field.dhcp6Cidrs[1], field });
  const [given, { stdout }] = await Promise.all([
    dhclient(place, ['-6', '-S']),
    execIn(place.netns, ['ip', '-6', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global', 'dynamic']),
  ]);
  const formed = [...stdout.matchAll(/inet6 ([\da-f:]+)\//g)].map(([, ip]) => ip);
  return row(
    'S26',
    `stateless: the kernel's SLAAC forms the address that the API shows (${place.address}), dhclient is told the name server alone`,
    {
      saw: `${formed.join(', ') || 'none'}; ${told(given, ['dhcp6_name_servers'])}${given.has('ip6_address') ? ', AND AN ADDRESS' : ''}`,
      ok: formed.length === 1 && formed[0] === place.address && given.get('dhcp6_name_servers') === nameServer && !given.has('ip6_address'),
    },
  );
};

/** S26: real DHCP clients, other than the lab's own, in every mode that subnets have. */
export const checkClients = async (field: Field, { client }: CheckContext): Promise<readonly Row[]> =>
  await Promise.all([dhcp4Row(field), statefulRow(field, client), statelessRow(field, client)]);

import { readFile } from 'node:fs/promises';
import { labPaths } from '../lab-paths.js';
import { execIn } from '../namespace-exec.js';
import type { NeutronClient } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { type Row, row } from './row.js';

type AddressJson = readonly {
  readonly mtu: number;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}[];

type RouteJson = readonly { readonly dst: string; readonly gateway?: string; readonly protocol?: string }[];

const json = async <T>(guest: Guest, argv: readonly string[]): Promise<T> =>
  JSON.parse((await execIn(guest.netns, argv)).stdout || '[]') as T;

/** What the API says of a guest's port: the address, the subnet and the network, in each family. */
const wantedOf = async (client: NeutronClient, guest: Guest) => {
  const port = await client.show('ports', guest.port_id);
  const network = await client.show('networks', String(port['network_id']));
  const fixed = port['fixed_ips'] as readonly { readonly subnet_id: string; readonly ip_address: string }[];
  const subnets = await Promise.all(
    fixed.map(async ({ subnet_id, ip_address }) => {
      const { ip_version, cidr, gateway_ip } = await client.show('subnets', subnet_id);
      return { ip_address, ip_version, cidr: String(cidr), gateway: String(gateway_ip) };
    }),
  );
  return {
    mtu: Number(network['mtu']),
    v4: subnets.find((one) => one.ip_version === 4),
    v6: subnets.find((one) => one.ip_version === 6),
  };
};

const guestRows = async (client: NeutronClient, guest: Guest): Promise<Row[]> => {
  const [want, links, routes, routes6, mtu6, lease] = await Promise.all([
    wantedOf(client, guest),
    json<AddressJson>(guest, ['ip', '-j', 'addr', 'show', 'dev', 'eth0']),
    json<RouteJson>(guest, ['ip', '-j', '-4', 'route']),
    json<RouteJson>(guest, ['ip', '-j', '-6', 'route']),
    execIn(guest.netns, ['cat', '/proc/sys/net/ipv6/conf/eth0/mtu']),
    readFile(`${labPaths.instance(guest.name)}/lease`, 'utf8').catch(() => ''),
  ]);
  const [link] = links;
  const held = (link?.addr_info ?? []).map(({ local, prefixlen }) => ({ local, text: `${local}/${prefixlen}` }));
  const [own4, own6] = [
    held.filter(({ local }) => !local.includes(':')),
    held.filter(({ local }) => local.includes(':') && !local.startsWith('fe80')),
  ];
  const [address, gateway, cidr] = [want.v4?.ip_address, want.v4?.gateway, want.v4?.cidr ?? ''];
  const length = cidr.split('/')[1];
  const gateways = routes.filter(({ dst }) => dst === 'default').map((route) => route.gateway ?? 'none');
  const server = /^server=(.*)$/m.exec(lease)?.[1] ?? 'none';
  const routers = routes6.filter(({ dst }) => dst === 'default');
  const onLink = routes6.filter((route) => route.dst === want.v6?.cidr && route.gateway === undefined);
  const list = (texts: readonly string[]) => texts.join(', ') || 'none';
  return [
    row('S26', `DHCP lease of ${guest.name}: the address that the API shows (${address}) in its subnet's size, from its gateway`, {
      saw: `${list(own4.map(({ text }) => text))}, from ${server}`,
      ok: own4.length === 1 && own4[0]?.text === `${address}/${length}` && server === gateway,
    }),
    row('S26', `gateway ${gateway} and MTU ${want.mtu} of the API, from DHCP and in IPv6`, {
      saw: `gateway ${list(gateways)}, MTU ${link?.mtu ?? 'none'}, IPv6 MTU ${mtu6.stdout.trim()}`,
      ok: gateways.length === 1 && gateways[0] === gateway && link?.mtu === want.mtu && Number(mtu6.stdout) === want.mtu,
    }),
    row(
      'S26',
      `router advertisement: SLAAC forms the address that the API shows (${want.v6?.ip_address}), default route by link-local, prefix not on the link`,
      {
        saw: `${list(own6.map(({ local }) => local))}; default via ${list(routers.map((one) => `${one.gateway} (${one.protocol})`))}; ${onLink.length === 0 ? 'not on the link' : 'prefix ON THE LINK'}`,
        ok:
          own6.length === 1 &&
          own6[0]?.local === want.v6?.ip_address &&
          onLink.length === 0 &&
          routers.length === 1 &&
          routers[0]?.protocol === 'ra' &&
          routers[0].gateway === guest.router,
      },
    ),
  ];
};

/** S26: an instance is told its address, gateway and MTU, as the API shows them: on networks of two MTUs. */
export const checkAddresses = async ({ near, tenant }: Field, { client }: CheckContext): Promise<Row[]> =>
  (await Promise.all([near, tenant].map(async (guest) => await guestRows(client, guest)))).flat();

import { execIn } from '../namespace-exec.js';
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

const guestRows = async (guest: Guest, want: { readonly mtu: number; readonly gateway: string }): Promise<Row[]> => {
  const [links, routes, routes6] = await Promise.all([
    json<AddressJson>(guest, ['ip', '-j', 'addr', 'show', 'dev', 'eth0']),
    json<RouteJson>(guest, ['ip', '-j', '-4', 'route', 'show', 'default']),
    json<RouteJson>(guest, ['ip', '-j', '-6', 'route', 'show', 'default']),
  ]);
  const [link] = links;
  const addresses = (link?.addr_info ?? []).map(({ local }) => local);
  const has = (address: string) => addresses.includes(address);
  const gateway = routes[0]?.gateway ?? 'none';
  const router = routes6[0];
  return [
    row('S26', `DHCP lease of ${guest.name}: the address that the API shows (${guest.v4})`, {
      saw: addresses.filter((address) => !address.includes(':')).join(', ') || 'no IPv4 address',
      ok: has(guest.v4),
    }),
    row('S26', 'gateway and MTU from DHCP', {
      saw: `gateway ${gateway}, MTU ${link?.mtu ?? 'none'}`,
      ok: gateway === want.gateway && link?.mtu === want.mtu,
    }),
    row('S26', `router advertisement: SLAAC forms the address that the API shows (${guest.v6}), default route by link-local`, {
      saw: `${addresses.filter((address) => address.includes(':') && !address.startsWith('fe80')).join(', ') || 'no address'}; default via ${router?.gateway ?? 'none'} (${router?.protocol ?? '-'})`,
      ok: has(guest.v6) && router?.protocol === 'ra' && (router.gateway?.startsWith('fe80:') ?? false),
    }),
  ];
};

/** S26: an instance is told its address, gateway and MTU, as the API shows them. */
export const checkAddresses = async ({ near, nearNetwork, gateway }: Field, { client }: CheckContext): Promise<Row[]> => {
  const network = await client.show('networks', nearNetwork);
  return await guestRows(near, { mtu: Number(network.mtu), gateway });
};

import { layoutOf } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import type { Field, Guest } from './field.js';
import { ping } from './reach.js';
import { type Row, row } from './row.js';

/** The addresses of every router. Hosts share gateway addresses: one address may be of several. */
type Places = ReadonlyMap<string, ReadonlySet<string>>;

type AddressJson = readonly { readonly addr_info: readonly { readonly local: string }[] }[];

const placesOf = async ({ lab }: Field): Promise<Places> => {
  const { hosts, tors } = layoutOf(lab.hosts);
  const known = await Promise.all(
    [...hosts, ...tors].map(async ({ name, namespace }) => {
      const { stdout } = await execIn(namespace, ['ip', '-j', 'addr']);
      const links = JSON.parse(stdout || '[]') as AddressJson;
      return [name, new Set(links.flatMap(({ addr_info }) => addr_info.map(({ local }) => local)))] as const;
    }),
  );
  return new Map(known);
};

/** The hops that traceroute names before the destination, `*` for one that kept silent. */
const hopsBetween = async (from: Guest, address: string): Promise<{ readonly routers: readonly string[]; readonly arrived: boolean }> => {
  const family = address.includes(':') ? '-6' : '-4';
  const { stdout } = await execIn(from.netns, ['traceroute', family, '-n', '-q', '1', '-w', '2', '-m', '8', address]);
  const hops = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1] ?? '*');
  return { routers: hops.slice(0, -1), arrived: hops.at(-1) === address };
};

type Way = { readonly from: Guest; readonly to: Guest; readonly family: 4 | 6; readonly places: Places };

const hopsRow = async ({ from, to, family, places }: Way): Promise<Row> => {
  const address = family === 4 ? to.v4 : to.v6;
  const tors = [...places.keys()].filter((name) => name.startsWith('tor'));
  // The host on one host; both hosts and a top-of-rack router between them otherwise.
  const expected = from.host === to.host ? [[from.host]] : [[from.host], tors, [to.host]];
  const { routers, arrived } = await hopsBetween(from, address);
  const isAt = (hop: string, names: readonly string[]) => names.some((name) => places.get(name)?.has(hop) === true);
  const named = routers.map((hop, at) => {
    const rightName = expected[at]?.find((name) => isAt(hop, [name]));
    return `${hop} (${rightName ?? [...places.keys()].find((name) => isAt(hop, [name])) ?? 'nobody known'})`;
  });
  const ttl = await ping(from.netns, address);
  const isRight = routers.length === expected.length && routers.every((hop, at) => isAt(hop, expected[at] ?? []));
  return row('S2', `traceroute and TTL, ${from.host === to.host ? 'one host' : 'two hosts'}, IPv${family}`, {
    saw: `${routers.length} hop(s): ${named.join(', ')}; TTL ${ttl ?? 'none'}`,
    ok: arrived && isRight && ttl === 64 - expected.length,
  });
};

/** S2: every router on the way shows, the own host first and the other's last, and each takes one off the TTL. */
export const checkHops = async (field: Field): Promise<Row[]> => {
  const { near: from, mate, far, hasTwoHosts } = field;
  const places = await placesOf(field);
  const ends = [mate, ...(hasTwoHosts ? [far] : [])];
  return await Promise.all(ends.flatMap((to) => ([4, 6] as const).map(async (family) => await hopsRow({ from, to, family, places }))));
};

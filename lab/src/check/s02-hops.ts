import { execIn } from '../namespace-exec.js';
import type { Field, Guest } from './field.js';
import { ping } from './reach.js';
import { type Row, row } from './row.js';

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

const hopsRow = async (from: Guest, to: Guest, family: 4 | 6): Promise<Row> => {
  const address = family === 4 ? to.v4 : to.v6;
  // One hop on one host; two hosts and the top-of-rack router between them otherwise.
  const expected = from.host === to.host ? 1 : 3;
  const { routers, arrived } = await hopsBetween(from, address);
  const ttl = await ping(from.netns, address);
  const ok = arrived && routers.length === expected && !routers.includes('*') && ttl === 64 - expected;
  return row('S2', `traceroute and TTL, ${from.host === to.host ? 'one host' : 'two hosts'}, IPv${family}`, {
    saw: `${routers.length} hop(s) ${routers.join(' ')}, TTL ${ttl ?? 'none'}`,
    ok,
  });
};

/** S2: every router on the way shows, and takes one off the TTL. */
export const checkHops = async ({ near, mate, far, hasTwoHosts }: Field): Promise<Row[]> =>
  await Promise.all([mate, ...(hasTwoHosts ? [far] : [])].flatMap((to) => [hopsRow(near, to, 4), hopsRow(near, to, 6)]));

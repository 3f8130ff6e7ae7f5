import type { Compiler } from '@manx/compile';
import { compareObjects, type HostDelta, type HostName } from '@manx/hoststate';

const EMPTY: HostDelta = { deletes: [], puts: [], rules: [], members: [] };

/**
 * The deltas, with the endpoint of each port that came to a host among its puts. A port that left and came back within one batch is no
 * difference to its host, whose last word on it no longer counts: told of it again, the host says again how it is. `compiler` is as of the
 * deltas; the cost follows the arrivals that are no difference, and the size of their hosts.
 */
export const tellArrivals = (
  deltas: ReadonlyMap<HostName, HostDelta>,
  arrived: ReadonlySet<string>,
  compiler: Pick<Compiler, 'hostsOf' | 'hostState'>,
): ReadonlyMap<HostName, HostDelta> => {
  const untold = new Map<HostName, string[]>();
  const told = new Map([...deltas].map(([host, { puts }]) => [host, new Set(puts.map(({ id }) => id))]));
  for (const id of arrived) {
    for (const host of compiler.hostsOf(id)) {
      if (told.get(host)?.has(id) === true) continue;
      const others = untold.get(host);
      if (others === undefined) untold.set(host, [id]);
      else others.push(id);
    }
  }
  if (untold.size === 0) return deltas;
  const all = new Map(deltas);
  for (const [host, ids] of untold) {
    const { endpoints } = compiler.hostState(host);
    const delta = all.get(host) ?? EMPTY;
    const again = ids.flatMap((id) => endpoints.get(id) ?? []);
    all.set(host, { ...delta, puts: [...delta.puts, ...again].sort(compareObjects) });
  }
  return all;
};

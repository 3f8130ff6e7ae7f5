import { type Change, type Commit, migratingTo, type Port, type PortBinding, type Revision, type StateReader } from '@manx/model';

/**
 * Since which revision each port has been where it is, or expected where it may move to: what a host said of the port before that is about an
 * earlier stay. Knows what has been committed since it was made; a port that has not moved since then counts as having always been there.
 */
export type BindingFence = {
  /** To be told of every durable commit, in order; answers with the ports that came to a host in them. Cost follows the commits. */
  readonly onCommits: (commits: readonly Commit[]) => ReadonlySet<string>;
  /** The revision from which a host's word on the port counts; 0: from ever, or it is not there at all. */
  readonly boundSince: (portId: string, host: string) => Revision;
};

/** The hosts of one port: its own, the one that its profile names, and those of its waiting bindings by their ids; and since when each is one. */
type Stay = { own: string; named: string | null; waiting: ReadonlyMap<string, string>; since: readonly Since[] };

type Since = { readonly host: string; readonly revision: Revision };

/** No maps of their own for ports that do not move: there is a stay for each port. */
const NONE_WAITS: ReadonlyMap<string, string> = new Map();

/** Makes a fence for the ports as they are in the state now. Linear in the ports, once. */
export const createBindingFence = (state: StateReader): BindingFence => {
  const stays = new Map<string, Stay>();
  const portOf = new Map<string, string>();
  const stayOf = (id: string): Stay => {
    const stay = stays.get(id) ?? { own: '', named: null, waiting: NONE_WAITS, since: [] };
    stays.set(id, stay);
    return stay;
  };
  const takePort = (id: string, port: Port | undefined): void => {
    if (port === undefined) stays.delete(id);
    else Object.assign(stayOf(id), { own: port['binding:host_id'], named: migratingTo(port) });
  };
  const takeBinding = (id: string, binding: PortBinding | undefined): string => {
    const port = binding?.port_id ?? portOf.get(id) ?? '';
    const stay = stays.get(port);
    if (stay?.waiting.has(id) === true) stay.waiting = new Map([...stay.waiting].filter(([other]) => other !== id));
    portOf.delete(id);
    if (binding !== undefined) portOf.set(id, port);
    // What a binding was before is nobody's to speak of.
    if (binding?.vif_type === 'tap') {
      const waited = stayOf(port);
      waited.waiting = new Map([...waited.waiting, [id, binding.host]]);
    }
    return port;
  };
  const take = ({ kind, id, ...change }: Change): string | null => {
    const value = change.op === 'put' ? change.value : undefined;
    if (kind === 'port_binding') return takeBinding(id, value as PortBinding | undefined);
    if (kind !== 'port') return null;
    takePort(id, value as Port | undefined);
    return id;
  };
  for (const port of state.all('port')) takePort(port.id, port);
  for (const binding of state.all('port_binding')) takeBinding(binding.id, binding);
  for (const stay of stays.values()) settle(stay, 0);
  return {
    onCommits: (commits) => {
      const arrived = new Set<string>();
      for (const { revision, changes } of commits) {
        const touched = new Set(changes.flatMap((change) => take(change) ?? []));
        for (const id of touched) {
          const stay = stays.get(id);
          if (stay !== undefined && settle(stay, revision)) arrived.add(id);
        }
      }
      return arrived;
    },
    boundSince: (portId, host) => stays.get(portId)?.since.find((one) => one.host === host)?.revision ?? 0,
  };
};

/** Whether the port is somewhere where it was not before. */
const settle = (stay: Stay, revision: Revision): boolean => {
  const before = stay.since;
  const hosts = new Set([stay.own, ...(stay.named === null ? [] : [stay.named]), ...stay.waiting.values()]);
  stay.since = [...hosts].map((host) => before.find((one) => one.host === host) ?? { host, revision });
  return stay.since.some((one) => !before.includes(one));
};

import type { Commit, Port, Revision, StateReader } from '@manx/model';

/**
 * Since which revision each port has been where it is: what a host said of the port before that is about an earlier stay.
 * Knows what has been committed since it was made; a port that has not moved since then counts as having always been there.
 */
export type BindingFence = {
  /** To be told of every durable commit, in order; answers with the ports that came to a host in them. Cost follows the commits. */
  readonly onCommits: (commits: readonly Commit[]) => ReadonlySet<string>;
  /** The revision from which a host's word on the port counts; 0: from ever. */
  readonly boundSince: (portId: string) => Revision;
};

/** Makes a fence for the ports as they are in the state now. Linear in the ports, once. */
export const createBindingFence = (state: StateReader): BindingFence => {
  const stays = new Map<string, { readonly host: string; readonly since: Revision }>();
  for (const port of state.all('port')) stays.set(port.id, { host: port['binding:host_id'], since: 0 });
  return {
    onCommits: (commits) => {
      const arrived = new Set<string>();
      for (const { revision, changes } of commits) {
        for (const change of changes) {
          if (change.kind !== 'port') continue;
          if (change.op === 'delete') stays.delete(change.id);
          else if (takeUp(stays, change.value, revision)) arrived.add(change.id);
        }
      }
      return arrived;
    },
    boundSince: (portId) => stays.get(portId)?.since ?? 0,
  };
};

/** Whether the port is somewhere else than before. */
const takeUp = (stays: Map<string, { readonly host: string; readonly since: Revision }>, port: Port, revision: Revision): boolean => {
  const host = port['binding:host_id'];
  if (stays.get(port.id)?.host === host) return false;
  stays.set(port.id, { host, since: revision });
  return true;
};

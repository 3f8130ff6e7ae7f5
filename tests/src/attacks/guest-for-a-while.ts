import { bootInstance, clientFor, deleteInstance, type Guest, guestOf, instanceNamed, readRunningLab } from '@manx/lab/attack-kit';
import type { Range } from './range.js';

/** What an instance that comes and goes is like; its address is chosen for it unless told. */
export type Passing = {
  readonly name: string;
  readonly project: string;
  readonly host: string;
  readonly groups: readonly string[];
  readonly address?: string;
};

/** Boots an instance on the range's network; `end` deletes it, and does nothing the second time. */
export const guestForAWhile = async (
  { network }: Pick<Range, 'network'>,
  { name, project, host, groups, address }: Passing,
): Promise<{ readonly guest: Guest; readonly end: () => Promise<void> }> => {
  const client = clientFor(project);
  await bootInstance(client, { name, network, project, host, groups, ...(address === undefined ? {} : { address }) });
  const guest = guestOf(instanceNamed(await readRunningLab(), name));
  let isThere = true;
  return {
    guest,
    end: async () => {
      if (isThere) await deleteInstance(client, name);
      isThere = false;
    },
  };
};

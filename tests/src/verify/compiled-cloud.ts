import { copyFile, rm, stat } from 'node:fs/promises';
import { compileAll } from '@manx/compile';
import { diffHostStates, emptyHostState, type HostName, type HostState, isEmptyDelta } from '@manx/hoststate';
import { cidrContains, hostCidr, type Ip } from '@manx/ip';
import { labPaths } from '@manx/lab/attack-kit';
import { applyChanges, State } from '@manx/model';
import { type Cloud, cloudOf } from '@manx/reach';
import { openSqliteStore } from '@manx/store';

/** The cloud as what is durable says, compiled in full: the server's own, incremental work is no part of it. */
export type CompiledCloud = {
  readonly revision: number;
  readonly states: ReadonlyMap<HostName, HostState>;
  readonly cloud: Cloud;
};

const copies = ['', '-wal'] as const;

/** What tells that a file was written to between two looks. */
const marksOf = async (path: string): Promise<string> => {
  const marks = await Promise.all(
    copies.map(async (suffix) => {
      const { size, mtimeMs } = await stat(`${path}${suffix}`).catch(() => ({ size: 0, mtimeMs: 0 }));
      return `${size} ${mtimeMs}`;
    }),
  );
  return marks.join();
};

/** A copy of the store as of one moment: the server has the file for itself, and is not asked. Taken again until nothing was written meanwhile. */
const copyStore = async (path: string): Promise<string> => {
  const copy = `${path}-oracle`;
  for (;;) {
    const before = await marksOf(path);
    for (const suffix of copies) {
      await rm(`${copy}${suffix}`, { force: true });
      // There is no log where everything has been taken over into the file.
      await copyFile(`${path}${suffix}`, `${copy}${suffix}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' || suffix === '') throw error;
      });
    }
    if (before === (await marksOf(path))) return copy;
  }
};

/** Reads the lab's store and compiles it. `snatOf`: what the operator set on each host. */
export const readCloud = async (snatOf: Cloud['snatOf']): Promise<CompiledCloud> => {
  const store = await openSqliteStore({ path: await copyStore(labPaths.store) });
  try {
    const { revision, puts } = await store.load();
    const state = new State();
    applyChanges(state, puts);
    const states = compileAll(state);
    const isInside = (ip: Ip): boolean => state.overlapping(hostCidr(ip)).some(({ cidr }) => cidrContains(cidr, ip));
    return { revision, states, cloud: cloudOf(states, { isInside, snatOf }) };
  } finally {
    await store.close();
  }
};

/** The hosts whose state is another than before. */
export const changedHosts = (before: CompiledCloud, after: CompiledCloud): ReadonlySet<string> => {
  const names = new Set([...before.states.keys(), ...after.states.keys()]);
  const of = ({ states }: CompiledCloud, name: HostName): HostState => states.get(name) ?? emptyHostState;
  return new Set([...names].filter((name) => !isEmptyDelta(diffHostStates(of(before, name), of(after, name)))));
};

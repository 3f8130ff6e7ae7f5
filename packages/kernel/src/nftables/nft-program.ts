import { oneAtATime } from '../one-at-a-time.js';
import { type ProgramResult, runProgram } from '../process/run-program.js';
import type { ProgramCommand } from '../process/supervised-program.js';
import { type Nftables, NftFault, type NftObject, parseNftListing, tablesOf } from './nftables.js';

/** Opens nftables through the `nft` program, a process for each call: the slower implementation, for where libnftables cannot be loaded. `command` may say how to start it. */
export const openNftProgram = ([program, ...before]: ProgramCommand = ['nft']): Nftables => {
  const line = oneAtATime();
  const run = (args: readonly string[], input = ''): Promise<ProgramResult> =>
    line.run(() => runProgram({ program, args: [...before, ...args], input, debianPackage: 'nftables' }));
  const listOne = async (what: readonly string[]): Promise<readonly NftObject[] | null> => {
    const { status, stdout, stderr } = await run(['-j', '-p', 'list', ...what]);
    if (status === 0) return parseNftListing(stdout);
    if (stderr.includes('No such file or directory')) return null;
    throw new NftFault('list', stderr);
  };
  return {
    apply: async (text) => {
      if (text.trim() === '') return;
      const { status, stderr } = await run(['-f', '-'], text);
      if (status !== 0) throw new NftFault('apply', stderr);
    },
    check: async (text) => {
      if (text.trim() === '') return null;
      const { status, stderr } = await run(['-c', '-f', '-'], text);
      return status === 0 ? null : new NftFault('check', stderr);
    },
    listTable: ({ family, name }) => listOne(['table', family, name]),
    listChain: ({ family, name }, chain) => listOne(['chain', family, name, chain]),
    listChains: async () => (await listOne(['chains'])) ?? [],
    listSet: async ({ family, name }, set) => (await listOne(['set', family, name, set]))?.[0] ?? null,
    listCounters: async ({ family, name }) => (await listOne(['counters', 'table', family, name])) ?? [],
    listTables: async () => tablesOf((await listOne(['tables'])) ?? []),
    // A table is its owner's for as long as that one lives: each `nft` for a moment.
    hold: () => Promise.resolve('refused'),
    isOrphan: () => Promise.resolve(false),
    isHeld: () => false,
    close: line.idle,
  };
};

import { type ProgramResult, runProgram } from '../process/run-program.js';
import type { ProgramCommand } from '../process/supervised-program.js';
import { type Nftables, NftFault, parseNftListing, tablesOf } from './nftables.js';
import { oneAtATime } from './one-at-a-time.js';

/** Opens nftables through the `nft` program, a process for each call: the slower implementation, for where libnftables cannot be loaded. `command` may say how to start it. */
export const openNftProgram = ([program, ...before]: ProgramCommand = ['nft']): Nftables => {
  const line = oneAtATime();
  const run = (args: readonly string[], input = ''): Promise<ProgramResult> =>
    line.run(() => runProgram({ program, args: [...before, ...args], input, debianPackage: 'nftables' }));
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
    listTable: async ({ family, name }) => {
      const { status, stdout, stderr } = await run(['-j', '-p', 'list', 'table', family, name]);
      if (status === 0) return parseNftListing(stdout);
      if (stderr.includes('No such file or directory')) return null;
      throw new NftFault('list', stderr);
    },
    listTables: async () => {
      const { status, stdout, stderr } = await run(['-j', 'list', 'tables']);
      if (status !== 0) throw new NftFault('list', stderr);
      return tablesOf(parseNftListing(stdout));
    },
    // A table is its owner's for as long as that one lives: each `nft` for a moment.
    hold: () => Promise.resolve('refused'),
    close: line.idle,
  };
};

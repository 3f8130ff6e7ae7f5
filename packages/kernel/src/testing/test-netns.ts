import { spawnSync } from 'node:child_process';
import { inNetns } from '../netlink/libc.js';

/** A network namespace of a test, `manx-t-NAME`. */
export type TestNetns = {
  readonly name: string;
  /** Runs a program inside; its output. An Error with what it said unless it ends with 0. */
  readonly exec: (...command: readonly [string, ...string[]]) => string;
  /** Runs a synchronous step of this process inside: sockets that it opens stay there. */
  readonly inside: <T>(step: () => T) => T;
  readonly remove: () => void;
};

/** Makes a namespace with loopback up, in place of one that an earlier run left. Needs root. */
export const makeTestNetns = (name: string): TestNetns => {
  const full = `manx-t-${name}`;
  spawnSync('ip', ['netns', 'delete', full]);
  const run = (program: string, ...args: readonly string[]): string => {
    const done = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
    if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
    return done.stdout;
  };
  run('ip', 'netns', 'add', full);
  const exec = (...command: readonly [string, ...string[]]): string => run('ip', 'netns', 'exec', full, ...command);
  exec('ip', 'link', 'set', 'lo', 'up');
  return {
    name: full,
    exec,
    inside: (step) => inNetns(`/run/netns/${full}`, step),
    remove: () => {
      run('ip', 'netns', 'delete', full);
    },
  };
};

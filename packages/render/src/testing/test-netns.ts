import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { pid } from 'node:process';

/** What a program said. */
export type Outcome = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** A network namespace that a test made, and everything run in it. */
export type TestNetns = {
  readonly name: string;
  /** Runs a program there; an Error with what it said when it fails, unless `mayFail`. */
  run(command: readonly string[], options?: { readonly input?: string; readonly mayFail?: boolean; readonly timeoutMs?: number }): Outcome;
  /** Removes it; what runs there must have ended. */
  remove(): void;
};

/**
 * Makes the namespace `manx-t-NAME-PID`, with loopback up: two runs of the tests do not meet. Those of the same name whose process
 * is gone are removed first. Needs root.
 */
export function makeTestNetns(name: string): TestNetns {
  removeOrphans(name);
  const full = `manx-t-${name}-${pid}`;
  ip(['netns', 'add', full]);
  const run: TestNetns['run'] = (command, options = {}) => {
    const done = spawnSync('ip', ['netns', 'exec', full, ...command], {
      encoding: 'utf8',
      input: options.input ?? '',
      timeout: options.timeoutMs ?? 20_000,
      maxBuffer: 1 << 28,
    });
    const outcome = { status: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
    if (outcome.status !== 0 && options.mayFail !== true) {
      throw new Error(`${command.join(' ')} in ${full}: ${outcome.stderr || outcome.stdout || String(done.error)}\n${options.input ?? ''}`);
    }
    return outcome;
  };
  run(['ip', 'link', 'set', 'lo', 'up']);
  return { name: full, run, remove: () => ip(['netns', 'delete', full]) };
}

function removeOrphans(name: string): void {
  for (const full of existsSync('/run/netns') ? readdirSync('/run/netns') : []) {
    const owner = /^(.*)-(\d+)$/.exec(full);
    if (owner?.[1] === `manx-t-${name}` && !existsSync(`/proc/${owner[2]}`)) ip(['netns', 'delete', full]);
  }
}

function ip(args: readonly string[]): void {
  const done = spawnSync('ip', args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr}`);
}

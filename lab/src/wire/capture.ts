import type { ChildProcess } from 'node:child_process';
import { LabError } from '../lab-error.js';
import { spawnIn } from '../namespace-exec.js';

/** tcpdump at work on one interface of a namespace. */
export type Capture = {
  /** The lines so far, one a packet, link header first (`-e`), names unresolved (`-n`). */
  readonly lines: readonly string[];
  /** True as soon as a line matches, past ones included; false when none has within the limit or the capture ended. */
  readonly sees: (pattern: RegExp, timeoutMs: number) => Promise<boolean>;
  readonly stop: () => Promise<void>;
};

const listening = async (child: ChildProcess, where: string): Promise<void> =>
  await new Promise((resolve, reject) => {
    let told = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (told.includes('listening on')) resolve();
    });
    child.on('error', reject);
    child.on('close', () => reject(new LabError('tcpdump', `tcpdump in ${where} ended before it listened: ${told.trim()}`)));
  });

/** Starts tcpdump in a namespace; resolves once it listens, so that nothing sent afterwards is missed. */
export const startCapture = async (namespace: string, ifname: string, filter: string): Promise<Capture> => {
  const child = spawnIn(namespace, ['tcpdump', '-i', ifname, '-e', '-n', '-vv', '-l', '--immediate-mode', filter]);
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    // Indented lines carry on the packet before them.
    for (const line of parts) {
      if (/^\s/.test(line) && lines.length > 0) lines[lines.length - 1] += ` ${line.trim()}`;
      else lines.push(line);
    }
    for (const watcher of watchers) watcher();
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await listening(child, namespace);
  return {
    lines,
    sees: async (pattern, timeoutMs) =>
      await new Promise<boolean>((resolve) => {
        const look = () => {
          if (lines.some((line) => pattern.test(line))) end(true);
        };
        const end = (seen: boolean) => {
          clearTimeout(limit);
          watchers.delete(look);
          resolve(seen);
        };
        const limit = setTimeout(() => end(false), timeoutMs);
        watchers.add(look);
        child.once('close', () => end(false));
        look();
      }),
    stop: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
};

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** How a program ended; `code` is null when a signal (or the time limit) ended it. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A program running in a network namespace, its output piped; the caller ends it. */
export const spawnIn = (namespace: string, argv: readonly string[], options: SpawnOptions = {}): ChildProcess =>
  spawn('ip', ['netns', 'exec', namespace, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], ...options });

/** Runs a program in a namespace to its end; killed after `timeoutMs` (default 15 s). Rejects only when `ip` itself cannot be run. */
export const execIn = async (namespace: string, argv: readonly string[], timeoutMs = 15_000): Promise<Ended> =>
  await new Promise((resolve, reject) => {
    const child = spawnIn(namespace, argv, { timeout: timeoutMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });

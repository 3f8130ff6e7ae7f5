import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServerFolder, ServerProcess } from './server-process.js';

const PROGRAM = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));

/** Runs `manx sim` with hosts, `sim-1` and so on, and waits until the server knows of them; gives what ends them. */
export const startSimulatedHosts = async (server: ServerProcess, folder: ServerFolder, hosts: number): Promise<() => Promise<void>> => {
  const settings = ['--server', server.feedUrl, '--hosts', String(hosts), '--secret-file', join(folder.path, 'secret'), '-o', 'json'];
  const sim = spawn(process.execPath, [PROGRAM, 'sim', ...settings], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(sim, 'exit');
  // It prints a line as soon as it knows anything, and goes on doing so.
  await Promise.race([
    once(sim.stdout, 'data'),
    ended.then(() => {
      throw new Error('manx sim ended');
    }),
  ]);
  sim.stdout.resume();
  return async () => {
    sim.kill('SIGTERM');
    await ended;
  };
};

import { waitUntil } from './program.js';
import { execOut } from './run-program.js';

const pidsIn = async (namespaces: readonly string[]): Promise<readonly number[]> => {
  const listed = await Promise.all(namespaces.map(async (name) => await execOut(['ip', 'netns', 'pids', name])));
  return listed.flatMap((text) => text.split('\n').filter(Boolean).map(Number)).filter((pid) => pid !== process.pid);
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/**
 * Kills every process in these namespaces, the ones that they start meanwhile too, and resolves to how many there were. Without that a
 * namespace lives on after its name is removed, and nobody finds it again.
 */
export const endProcesses = async (namespaces: readonly string[]): Promise<number> => {
  let most = 0;
  await waitUntil(`the processes in ${namespaces.join(', ')} to end`, async () => {
    const pids = await pidsIn(namespaces);
    most = Math.max(most, pids.length);
    for (const pid of pids) kill(pid);
    return pids.length === 0;
  });
  return most;
};

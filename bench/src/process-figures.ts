import { readFile } from 'node:fs/promises';

/** Linux's clock ticks a second in /proc (USER_HZ): 100 on every architecture that Debian has. */
const TICKS_PER_SECOND = 100;

/** Resident memory of a process, now and at most so far, in MiB (proc_pid_status(5)). */
export const residentMiB = async (pid: number): Promise<{ readonly now: number; readonly most: number }> => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
  return { now: read('VmRSS'), most: read('VmHWM') };
};

/** Seconds of CPU that a process has used so far, user and system (proc_pid_stat(5), fields 14 and 15). */
export const cpuSeconds = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user = '', system = ''] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
};

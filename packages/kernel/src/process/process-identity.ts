import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What tells a process of ours from a stranger that got its number. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks since boot (field 22 of /proc/PID/stat, proc(5)): with the pid it never repeats. */
  readonly startTime: string;
  /** Stopped by a signal (SIGSTOP): it does nothing until somebody lets it go on. */
  readonly isStopped: boolean;
  readonly args: readonly string[];
  /** The network namespace, `net:[4026531840]`. */
  readonly netns: string;
};

/** Looks a process up; null when there is none, it has ended, or it may not be looked at. */
export const identifyProcess = (pid: number): ProcessIdentity | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may contain anything; the fields after it do not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    if (state === 'Z' || state === 'X') return null;
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return { pid, startTime: fields[19] ?? '', isStopped: state === 'T', args, netns: readlinkSync(`/proc/${pid}/ns/net`) };
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
};

/** The processes in this process's network namespace whose arguments contain all of `marks`, oldest number first. Reads all of /proc. */
export const findProcesses = (marks: readonly string[]): readonly ProcessIdentity[] => {
  const netns = readlinkSync('/proc/self/ns/net');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => identifyProcess(Number(name)))
    .filter(
      (found): found is ProcessIdentity => found !== null && found.netns === netns && marks.every((mark) => found.args.includes(mark)),
    )
    .sort((a, b) => a.pid - b.pid);
};

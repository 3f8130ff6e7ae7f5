import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';

/** A program that the lab leaves running: in a namespace, output to a log, its process id in a file. */
export type ProgramStart = {
  /** Names its log and pid file: `server`, `agent-h1`, `bird-tor1`. */
  readonly name: string;
  readonly namespace: string;
  readonly argv: readonly string[];
  /** A descriptor that the program inherits as number 3. */
  readonly inherit?: number;
};

/** Starts a program that outlives this process. What it needs to be ready is the caller's to await. */
export const startProgram = ({ name, namespace, argv, inherit }: ProgramStart): ChildProcess => {
  for (const path of [labPaths.log(name), labPaths.pid(name)]) mkdirSync(dirname(path), { recursive: true });
  const log = openSync(labPaths.log(name), 'a');
  try {
    const child = spawn('ip', ['netns', 'exec', namespace, ...argv], {
      detached: true,
      stdio: ['ignore', log, log, ...(inherit === undefined ? [] : [inherit])],
      env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
    });
    child.unref();
    if (child.pid === undefined) throw new LabError('program', `${argv[0]} could not be started in ${namespace}.`);
    writeFileSync(labPaths.pid(name), `${child.pid}\n`);
    return child;
  } finally {
    closeSync(log);
  }
};

/** The program's process id, if it still runs in that namespace: a number that was reused by a stranger is not ours to signal. */
export const programPid = (name: string, namespace: string): number | null => {
  try {
    const pid = Number(readFileSync(labPaths.pid(name), 'utf8'));
    const there = readlinkSync(`/proc/${pid}/ns/net`);
    return there === `net:[${readNamespaceId(namespace)}]` ? pid : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
};

/** Kills a program at once (SIGKILL) and waits until it is gone. Does nothing when it does not run. */
export const killProgram = async (name: string, namespace: string): Promise<void> => {
  const pid = programPid(name, namespace);
  if (pid === null) return;
  process.kill(pid, 'SIGKILL');
  // Threads may outlive the process's first one by a moment, and its sockets live as long as they do.
  await waitUntil(`${name} (process ${pid}) to end`, async () => programPid(name, namespace) === null && threadsOf(pid) <= 1);
};

/** How many threads a process has that are not gone; a process that is dead and not yet collected by its parent counts as one. */
const threadsOf = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
};

/** Looks again every few milliseconds until something is so; LabError `timeout` naming it after `limitMs` (default 15 s). */
export const waitUntil = async (what: string, isSo: () => Promise<boolean>, limitMs = 15_000): Promise<void> => {
  const end = performance.now() + limitMs;
  for (let waitMs = 5; !(await isSo()); waitMs = Math.min(waitMs * 1.5, 100)) {
    if (performance.now() > end) throw new LabError('timeout', `Waited ${Math.round(limitMs / 1000)} s in vain for ${what}.`);
    await pause(waitMs);
  }
};

/** The last lines of a program's log, for a message about its failure. */
export const logTail = async (name: string, lines = 8): Promise<string> => {
  const text = await readFile(labPaths.log(name), 'utf8').catch(() => '(no log)');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
};

/** The inode of a namespace's file is the number that `/proc/PID/ns/net` shows (namespaces(7)). */
const readNamespaceId = (namespace: string): number => statSync(`/run/netns/${namespace}`).ino;

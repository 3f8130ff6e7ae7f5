import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '../fault.js';
import { orFileFault } from '../files/file-fault.js';
import { readText } from '../files/read-text.js';
import { writeFileAtomic } from '../files/write-file-atomic.js';
import { findProcesses, identifyProcess } from './process-identity.js';
import { missingProgram } from './run-program.js';
import { watchExit } from './watch-exit.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 30_000;
/** After running so long a program that ends has not failed to start. */
const STABLE_MS = 10_000;
/** One that has run so long is not failing at this moment. */
const RUNNING_MS = 2_000;
/** One end can have any reason; several in a row, each soon after its start, have one. */
const MIN_FAILURES = 3;
const STOP_TIMEOUT_MS = 5_000;
/** So long an old process stays beside a new one that is not ready. */
const READY_TIMEOUT_MS = 5_000;

/** A program and its arguments; no shell reads them. */
export type ProgramCommand = readonly [string, ...string[]];

/** A program that runs beside the agent and outlives it. */
export type ProgramSpec = {
  readonly name: string;
  /** The program and its arguments; it must stay in the foreground. */
  readonly command: ProgramCommand;
  /** The same for a start after it ended by itself, where that differs. */
  readonly recoverCommand?: ProgramCommand;
  /** Put before the command when it is started, `env --ignore-signal=HUP` for instance; it must end by exec(3). */
  readonly launcher?: readonly string[];
  /** Arguments by which a running one is known as ours whichever version started it: a path that is nobody else's. */
  readonly marks: readonly string[];
  readonly pidFile: string;
  /** What the program says before it has a log of its own; emptied at each start. */
  readonly outputFile: string;
  readonly debianPackage: string;
};

/** Told when a program ended by itself or could not be started; it is started again after a pause. */
export type ProgramListener = { readonly onDown: (fault: Fault) => void; readonly onUp: (pid: number, how: 'started' | 'adopted') => void };

/**
 * Keeps one program running: adopts the one that an earlier agent left, starts it otherwise, and again with growing pauses when it
 * ends. The program is a session of its own and stays when the agent goes.
 */
export class SupervisedProgram {
  readonly #spec: ProgramSpec;
  readonly #listener: ProgramListener;
  #pid: number | null = null;
  #exit: { readonly close: () => void } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #backoffMs = FIRST_BACKOFF_MS;
  #startedAt = 0;
  #isWanted = false;
  /** Starts in a row of which none lasted, and what was said of the last. */
  #failures = 0;
  #lastWords = '';
  #hasLooked = false;
  /** Processes that a new one has taken the place of, until they are gone. */
  readonly #retiring = new Map<number, Promise<void>>();

  constructor(spec: ProgramSpec, listener: ProgramListener) {
    this.#spec = spec;
    this.#listener = listener;
  }

  /** The running process, or null. */
  get pid(): number | null {
    return this.#pid;
  }

  /**
   * Makes the program run from now on, adopted or started; one with other arguments than wanted is replaced. `running`: it was there
   * before and has read its files as they were then; `started`: it reads them now.
   */
  async start(): Promise<'running' | 'started'> {
    if (this.#isWanted) return this.#pid === null ? 'started' : 'running';
    this.#isWanted = true;
    const [found, ...extra] = this.#findRunning();
    for (const pid of extra) await endProcess(pid);
    if (found !== undefined && this.#isAsWanted(found)) {
      this.#watch(found, 'adopted');
      return 'running';
    }
    if (found !== undefined) await endProcess(found);
    this.#spawn(this.#spec.command);
    return 'started';
  }

  /**
   * Puts a new process in the place of the running one, which goes on until the new one has said `readyText`, or for 5 s: a program
   * whose sockets can be shared serves without a gap. Resolves when the new one is on its way; whoever kills the agent then leaves
   * both, of which the next agent keeps the new one.
   */
  async replace(readyText: string): Promise<void> {
    const old = this.#findRunning();
    this.#letGo();
    this.#isWanted = true;
    // At most two at a time.
    await Promise.all(this.#retiring.values());
    const ready = old.length === 0 ? Promise.resolve() : untilSaid(this.#spec.outputFile, readyText);
    this.#spawn(this.#spec.command);
    for (const pid of old) {
      const retired = ready.then(() => endProcess(pid)).then(() => void this.#retiring.delete(pid));
      this.#retiring.set(pid, retired);
    }
  }

  /** Sends a signal; false when the program is not running (it reads its files anew when it starts). */
  signal(signal: NodeJS.Signals): boolean {
    if (this.#pid === null || identifyProcess(this.#pid) === null) return false;
    return process.kill(this.#pid, signal);
  }

  /** What keeps the running process from its work, as far as the kernel can tell; null when nothing does, or none runs. */
  get ailment(): string | null {
    const isStopped = this.#pid !== null && identifyProcess(this.#pid)?.isStopped === true;
    return isStopped ? 'is stopped by a signal' : null;
  }

  /** That it does not stay up, start after start, and what it said; null when it does, or is not to run. */
  get failure(): string | null {
    const isRunning = this.#pid !== null && Date.now() - this.#startedAt > RUNNING_MS;
    if (!this.#isWanted || isRunning || this.#failures < MIN_FAILURES) return null;
    return `${this.#failures} starts in a row have failed, the last one so: ${this.#lastWords}; it is tried again within ${MAX_BACKOFF_MS / 1000} s`;
  }

  /** Ends the running process with SIGKILL: one that is stopped, or hangs, hears nothing else. It is started again. */
  kill(): void {
    this.signal('SIGKILL');
  }

  /** Ends the program, also one that only an earlier agent knew, and its supervision; resolves when it is gone. */
  async stop(): Promise<void> {
    const running = this.#findRunning();
    this.#letGo();
    for (const pid of new Set([...running, ...this.#retiring.keys()])) await endProcess(pid);
    rmSync(this.#spec.pidFile, { force: true });
  }

  /** Ends the supervision and leaves the program running; one whose place was taken is told to end at once. */
  release(): void {
    this.#letGo();
    for (const pid of this.#retiring.keys()) if (identifyProcess(pid) !== null) process.kill(pid, 'SIGTERM');
    this.#hasLooked = false;
  }

  #letGo(): void {
    this.#isWanted = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#exit?.close();
    this.#timer = null;
    this.#exit = null;
    this.#pid = null;
  }

  /** All of ours that run: at first by looking through all processes, then by what is known, since nobody else starts any. */
  #findRunning(): readonly number[] {
    if (this.#hasLooked) return this.#pid === null ? [] : [this.#pid];
    this.#hasLooked = true;
    const noted = readPidFile(this.#spec.pidFile);
    const found = findProcesses(this.#spec.marks).map(({ pid }) => pid);
    return found.sort((a, b) => Number(b === noted) - Number(a === noted));
  }

  #isAsWanted(pid: number): boolean {
    const args = identifyProcess(pid)?.args ?? [];
    return [this.#spec.command, this.#spec.recoverCommand ?? this.#spec.command].some((command) => sameArgs(args, command));
  }

  #spawn(command: ProgramCommand): void {
    this.#timer = null;
    try {
      orFileFault('start', this.#spec.name, () => this.#start(command));
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#down(fault);
    }
  }

  #start(command: ProgramCommand): void {
    const [program = '', ...args] = [...(this.#spec.launcher ?? []), ...command];
    mkdirSync(dirname(this.#spec.outputFile), { recursive: true });
    // A new file: one that is on its way out still writes into the old one.
    rmSync(this.#spec.outputFile, { force: true });
    writeFileSync(this.#spec.outputFile, '', { mode: 0o640 });
    const output = openSync(this.#spec.outputFile, 'a');
    const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output], cwd: '/' });
    closeSync(output);
    // Without a pid the start failed, which `error` tells; exits are seen through the pidfd, as those of adopted programs are.
    child.on('error', (cause) => {
      this.#down(missingProgram(program, this.#spec.debianPackage, cause));
    });
    child.unref();
    if (child.pid === undefined) return;
    this.#startedAt = Date.now();
    try {
      writeFileAtomic(this.#spec.pidFile, `${child.pid}\n`);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    this.#watch(child.pid, 'started');
  }

  #watch(pid: number, how: 'started' | 'adopted'): void {
    this.#pid = pid;
    this.#exit = watchExit(pid, () => {
      const said = readText(this.#spec.outputFile).trim().split('\n').slice(-3).join(' / ');
      this.#down(
        new Fault({
          code: 'lost',
          op: 'run',
          subject: this.#spec.name,
          detail: `ended by itself${said === '' ? '' : `: ${said}`}`,
          retry: true,
        }),
      );
    });
    this.#listener.onUp(pid, how);
  }

  #down(fault: Fault): void {
    this.#pid = null;
    this.#exit = null;
    if (!this.#isWanted) return;
    if (Date.now() - this.#startedAt > STABLE_MS) {
      this.#backoffMs = FIRST_BACKOFF_MS;
      this.#failures = 0;
    }
    this.#failures += 1;
    this.#lastWords = fault.detail;
    this.#timer = setTimeout(() => {
      this.#spawn(this.#spec.recoverCommand ?? this.#spec.command);
    }, this.#backoffMs);
    this.#timer.unref();
    this.#backoffMs = Math.min(this.#backoffMs * 2, MAX_BACKOFF_MS);
    this.#listener.onDown(fault);
  }
}

/** Resolves when a program that is about to start has said the text into its output file, or after 5 s. */
const untilSaid = (file: string, text: string): Promise<void> =>
  new Promise((resolve) => {
    mkdirSync(dirname(file), { recursive: true });
    // The folder: the file is made anew. What it holds now is another's.
    const before = inodeOf(file);
    const watcher = watch(dirname(file), { persistent: false }, () => {
      if (inodeOf(file) !== before && readText(file).includes(text)) done();
    });
    const timer = setTimeout(() => done(), READY_TIMEOUT_MS);
    timer.unref();
    const done = (): void => {
      clearTimeout(timer);
      watcher.close();
      resolve();
    };
  });

const inodeOf = (file: string): number | null => statSync(file, { throwIfNoEntry: false })?.ino ?? null;

const sameArgs = (running: readonly string[], wanted: readonly string[]): boolean =>
  running.length === wanted.length && wanted.every((arg, index) => index === 0 || running[index] === arg);

const readPidFile = (path: string): number | null => {
  const pid = Number.parseInt(readText(path), 10);
  return Number.isSafeInteger(pid) ? pid : null;
};

/** Ends a process: politely, then not. Resolves when it is gone. */
const endProcess = (pid: number): Promise<void> =>
  new Promise((resolve) => {
    const kill = (signal: NodeJS.Signals): void => {
      if (identifyProcess(pid) !== null) process.kill(pid, signal);
    };
    const timer = setTimeout(() => {
      kill('SIGKILL');
    }, STOP_TIMEOUT_MS);
    watchExit(pid, () => {
      clearTimeout(timer);
      resolve();
    });
    kill('SIGTERM');
  });

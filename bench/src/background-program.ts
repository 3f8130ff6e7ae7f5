import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { LabError, waitUntil } from '@manx/lab/bench-kit';
import type { Cleanup } from './cleanup.js';

/** A program that runs beside a measurement: its argument vector, its log, and how one knows that it is ready. */
export type BackgroundProgram = {
  readonly argv: readonly string[];
  readonly log: string;
  readonly isReady: () => Promise<boolean>;
  readonly limitMs?: number;
};

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Starts a program and waits until it is ready; the clean-up asks it to end, and kills it after ten seconds. LabError with the end of its log when it fails. */
export const startBackgroundProgram = async (program: BackgroundProgram, cleanup: Cleanup): Promise<ChildProcess> => {
  const { argv, log, isReady, limitMs = 30_000 } = program;
  const [command = '', ...args] = argv;
  const out = openSync(log, 'a');
  const child = spawn(command, args, { stdio: ['ignore', out, out] });
  closeSync(out);
  cleanup.add(async () => await stopProgram(child));
  const failed = async (words: string): Promise<LabError> => {
    const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-8).join('\n');
    return new LabError('program', `${command}: ${words}. Its last words (${log}):\n${tail}`);
  };
  const spawned = once(child, 'spawn');
  await spawned;
  try {
    await waitUntil(
      `${command} to be ready`,
      async () => {
        if (isOver(child)) throw await failed('ended at once');
        return await isReady();
      },
      limitMs,
    );
  } catch (error) {
    if (error instanceof LabError && error.code === 'timeout') throw await failed(error.message);
    throw error;
  }
  return child;
};

/** Ends a program in order, and after ten seconds without. */
export const stopProgram = async (child: ChildProcess): Promise<void> => {
  if (isOver(child)) return;
  const over = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await over;
  clearTimeout(timer);
};

/** Whether somebody answers HTTP there. */
export const answersHttp = async (url: string): Promise<boolean> =>
  await fetch(url).then(
    (response) => response.ok,
    () => false,
  );

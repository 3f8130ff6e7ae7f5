import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LabError } from '@manx/lab/bench-kit';
import type { AgentsMessage, AgentsOrder, AgentsStart } from './agents-main.js';
import { stopProgram } from './background-program.js';
import type { Cleanup } from './cleanup.js';

/** Many simulated agents in a process of their own. */
export type AgentsProcess = {
  readonly pid: number;
  /** Resolves when all are connected and have as many ports up as wanted. */
  readonly settled: (ports: number) => Promise<void>;
  /** From now on counts who hears of something; resolves when it does. */
  readonly arm: () => Promise<void>;
  /** When the last of all agents had heard of something since `arm`, on the clock of `process.hrtime`, in milliseconds. */
  readonly allHeard: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

const LIMIT_MS = 120_000;

/** Starts simulated agents; the clean-up ends them. */
export const startAgents = async (start: AgentsStart, cleanup: Cleanup): Promise<AgentsProcess> => {
  const child = fork(fileURLToPath(new URL('agents-main.js', import.meta.url)), [JSON.stringify(start)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  cleanup.add(async () => await stopProgram(child));
  await once(child, 'spawn');
  const wait = async (kind: AgentsMessage['kind'], order: AgentsOrder | null): Promise<AgentsMessage> => {
    const coming = messageOf(child, kind);
    if (order !== null) child.send(order);
    return await coming;
  };
  let heard: Promise<AgentsMessage> | null = null;
  return {
    pid: child.pid ?? 0,
    settled: async (ports) => void (await wait('settled', { kind: 'settle', ports })),
    arm: async () => {
      heard = messageOf(child, 'heard');
      // Whoever asks hears of a failure; until then it is nobody's.
      heard.catch(() => undefined);
      await wait('armed', { kind: 'arm' });
    },
    allHeard: async () => {
      const message = await heard;
      return message?.kind === 'heard' ? message.at : Number.NaN;
    },
    stop: () => stopProgram(child),
  };
};

const messageOf = (child: ChildProcess, kind: AgentsMessage['kind']): Promise<AgentsMessage> =>
  new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      child.off('message', take);
      child.off('exit', gone);
    };
    const take = (message: AgentsMessage): void => {
      if (message.kind !== kind) return;
      done();
      resolve(message);
    };
    const gone = (): void => {
      done();
      reject(new LabError('program', 'the simulated agents ended'));
    };
    const timer = setTimeout(() => {
      done();
      reject(new LabError('timeout', `Waited ${LIMIT_MS / 1000} s in vain for the simulated agents (${kind}).`));
    }, LIMIT_MS);
    child.on('message', take);
    child.on('exit', gone);
  });

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LabError } from '@manx/lab/bench-kit';
import { stopProgram } from './background-program.js';
import type { Cleanup } from './cleanup.js';
import type { ProbeAnswer, ProbeOrder } from './echo-prober.js';

/** Pings from one namespace, from a process of its own, so that nothing else delays its clock. */
export type Prober = {
  /** Pings an address every 2 ms until the first reply; resolves to its moment, in milliseconds of `monotonicMs`. LabError `timeout` after 20 s. */
  readonly firstReply: (to: string) => Promise<number>;
};

/** Now, on the monotonic clock that all processes of the machine share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

const everyMs = 2;
const limitMs = 20_000;

/** Starts a prober in a namespace; the clean-up ends it. */
export const startProber = async (namespace: string, cleanup: Cleanup): Promise<Prober> => {
  const child = fork(fileURLToPath(new URL('echo-prober.js', import.meta.url)), [namespace], { stdio: 'inherit' });
  cleanup.add(async () => await stopProgram(child));
  await once(child, 'message');
  return {
    firstReply: async (to) =>
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          child.off('message', hear);
          reject(new LabError('timeout', `${to} did not answer a ping from ${namespace} within ${limitMs / 1000} s.`));
        }, limitMs);
        const hear = ({ atNs }: ProbeAnswer): void => {
          clearTimeout(timer);
          resolve(Number(BigInt(atNs)) / 1e6);
        };
        child.once('message', hear);
        const order: ProbeOrder = { to, everyMs };
        child.send(order);
      }),
  };
};

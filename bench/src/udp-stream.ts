import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitUntil } from '@manx/lab/bench-kit';
import { stopProgram } from './background-program.js';
import type { Cleanup } from './cleanup.js';
import { monotonicMs } from './prober.js';
import type { StreamAnswer, StreamQuestion, StreamStart } from './udp-stream-process.js';

/** A flow that runs in a process of its own, so that nothing else delays its clock. Moments are those of `monotonicMs`. */
export type UdpStream = {
  /** What has arrived since a moment. */
  readonly since: (moment: number) => Promise<StreamAnswer>;
  /** The first arrival after a moment; waits for it. */
  readonly firstAfter: (moment: number) => Promise<number>;
  /** The last arrival after a moment, once nothing has come for a while; the moment itself when nothing came at all. */
  readonly endAfter: (moment: number) => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** So long nothing must come until a flow counts as ended. */
const SILENCE_MS = 400;
const LIMIT_MS = 30_000;

/** Starts a flow; the clean-up ends it. */
export const startUdpStream = async (start: StreamStart, cleanup: Cleanup): Promise<UdpStream> => {
  const child = fork(fileURLToPath(new URL('udp-stream-process.js', import.meta.url)), [JSON.stringify(start)], { stdio: 'inherit' });
  cleanup.add(async () => await stopProgram(child));
  await once(child, 'message');
  const since = async (moment: number): Promise<StreamAnswer> => {
    const answer = once(child, 'message');
    const question: StreamQuestion = { since: moment };
    child.send(question);
    return ((await answer) as [StreamAnswer])[0];
  };
  const wait = async (what: string, moment: number, isIt: (seen: StreamAnswer) => boolean): Promise<StreamAnswer> => {
    let seen = await since(moment);
    const isSo = async (): Promise<boolean> => {
      seen = await since(moment);
      return isIt(seen);
    };
    await waitUntil(`${what} at ${start.address}`, isSo, LIMIT_MS);
    return seen;
  };
  return {
    since,
    firstAfter: async (moment) => (await wait('a datagram', moment, ({ first }) => first !== null)).first ?? moment,
    endAfter: async (moment) => {
      const { last } = await wait('the end of the datagrams', moment, (seen) => monotonicMs() - (seen.last ?? moment) > SILENCE_MS);
      return last ?? moment;
    },
    stop: () => stopProgram(child),
  };
};

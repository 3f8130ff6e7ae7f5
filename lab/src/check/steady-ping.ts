import { spawnIn } from '../namespace-exec.js';

/** How a stream of echo requests fared. */
export type Fared = { readonly sent: number; readonly received: number };

/** A stream of echo requests. */
export type SteadyPing = {
  /** Resolves when so many more replies have come, or after three seconds in any case. */
  readonly more: (replies: number) => Promise<void>;
  /** Ends the stream. */
  readonly stop: () => Promise<Fared>;
};

/** How long replies are awaited; one that is promised takes a millisecond. */
const patienceMs = 3_000;

/** Starts to ping so many times a second (up to 1000), while something is done to the network, so that what got lost can be counted. */
export const startPing = (from: string, address: string, rate: number): SteadyPing => {
  const child = spawnIn(from, ['ping', '-n', '-i', String(1 / rate), '-W', '1', address]);
  let printed = '';
  let seen = 0;
  const watchers = new Set<() => void>();
  const ended = new Promise<Fared>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(printed) ?? [];
      for (const watcher of watchers) watcher();
      resolve({ sent: Number(sent ?? 0), received: Number(received ?? 0) });
    });
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    seen += text.split('bytes from').length - 1;
    // The summary comes last and is all that has to be kept.
    printed = (printed + text).slice(-2_000);
    for (const watcher of watchers) watcher();
  });
  return {
    more: async (replies) =>
      await new Promise((resolve) => {
        const goal = seen + replies;
        const end = () => {
          clearTimeout(limit);
          watchers.delete(look);
          resolve();
        };
        const look = () => {
          if (seen >= goal || child.exitCode !== null || child.signalCode !== null) end();
        };
        const limit = setTimeout(end, patienceMs);
        watchers.add(look);
        look();
      }),
    stop: async () => {
      child.kill('SIGINT');
      return await ended;
    },
  };
};

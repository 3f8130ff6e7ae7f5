import { openSim, type SimOptions } from './open-sim.js';
import { type ProgressSink, progressShower } from './show-progress.js';

/** What `manx sim` is told, once its secret is read. */
export type RunSimOptions = Omit<SimOptions, 'onChange' | 'onState'> & {
  readonly output: 'text' | 'json';
  readonly stdout?: ProgressSink;
  /** Ends it as SIGINT does; for callers that are not a process of their own. */
  readonly signal?: AbortSignal;
};

/** The most often that progress is shown. */
const SHOW_EVERY_MS = 200;

/** `manx sim`: runs the hosts and shows how they are until SIGINT, SIGTERM or the signal; a second signal ends the process at once. */
export const runSim = async ({ output, stdout = process.stdout, signal, ...options }: RunSimOptions): Promise<void> => {
  const shower = progressShower(stdout, output);
  let timer: NodeJS.Timeout | null = null;
  const sim = openSim({
    ...options,
    onChange: () => {
      timer ??= setTimeout(() => {
        timer = null;
        shower.show(sim.progress());
      }, SHOW_EVERY_MS);
    },
  });
  await untilTold(signal);
  if (timer !== null) clearTimeout(timer);
  shower.show(sim.progress());
  shower.end();
  await sim.close();
};

const untilTold = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      process.off('SIGTERM', end);
      process.off('SIGINT', end);
      resolve();
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    if (signal?.aborted === true) end();
    signal?.addEventListener('abort', end, { once: true });
  });

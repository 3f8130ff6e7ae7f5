import { LabError } from './lab-error.js';

/**
 * Does work that SIGINT or SIGTERM asks to end: the signal that it is given aborts with LabError `interrupted`. Resolves or rejects as the
 * work does, which is to look at the signal between its steps. A second Ctrl-C ends the process as it always does.
 */
export const interruptible = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    controller.abort(new LabError('interrupted', `Interrupted (${signal}).`));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
};

/** Until the process is told to end: by the signal, or by SIGTERM or SIGINT where there is none. */
export const untilTold = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal === undefined) {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve());
    } else if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

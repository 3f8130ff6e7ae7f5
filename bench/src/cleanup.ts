/** What has to be taken back, however the run ends: last in, first out. */
export type Cleanup = {
  /** Remembers a step; one that comes after `run` has begun, from work that was under way, is done at once. */
  readonly add: (step: () => Promise<unknown>) => void;
  /** Does every step once, a failing one too, and resolves to the words of those that failed. */
  readonly run: () => Promise<readonly string[]>;
};

/** A list of what has to be taken back, empty at first. */
export const openCleanup = (): Cleanup => {
  const steps: (() => Promise<unknown>)[] = [];
  const failures: string[] = [];
  let isClosed = false;
  const take = async (step: () => Promise<unknown>): Promise<void> => {
    await step().catch((error: unknown) => failures.push(String(error)));
  };
  return {
    add: (step) => {
      if (isClosed) void take(step);
      else steps.push(step);
    },
    run: async () => {
      isClosed = true;
      for (const step of steps.splice(0).toReversed()) await take(step);
      return failures.splice(0);
    },
  };
};

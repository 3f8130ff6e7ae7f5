/** Runs tasks one after another, in the order they were given; one that fails is its giver's to know, and does not stop the next. */
export type OneAtATime = {
  readonly run: <T>(task: () => Promise<T>) => Promise<T>;
  /** Resolves when all that was given so far has ended, either way. */
  readonly idle: () => Promise<void>;
};

/** An empty line of tasks. */
export const oneAtATime = (): OneAtATime => {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (task) => {
      const result = last.then(task);
      last = Promise.allSettled([result]);
      return result;
    },
    idle: async () => {
      await last;
    },
  };
};

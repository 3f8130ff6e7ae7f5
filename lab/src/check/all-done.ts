type Promises<T extends readonly unknown[]> = { readonly [I in keyof T]: Promise<T[I]> };

/** All of them, as Promise.all has it, but not before each has ended: when it rejects, nothing is still being made. */
export const allDone = async <T extends readonly unknown[]>(...work: Promises<T>): Promise<T> => {
  const promises: readonly Promise<unknown>[] = work;
  await Promise.allSettled(promises);
  const done: unknown = await Promise.all(promises);
  return done as T;
};

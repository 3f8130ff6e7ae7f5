/** Chance that can be had again: the same row of choices for the same seed. */
export type Random = {
  /** A whole number from 0 to below `count`. */
  readonly below: (count: number) => number;
  /** True once in `times`. */
  readonly oneIn: (times: number) => boolean;
  readonly pick: <T>(values: readonly [T, ...(readonly T[])]) => T;
  /** Each of the values with a chance of one in two. */
  readonly some: <T>(values: readonly T[]) => readonly T[];
};

/** mulberry32 (public domain): good enough to choose by, and the whole state is one number. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (values) => values[below(values.length)] ?? values[0],
    some: (values) => values.filter(() => below(2) === 0),
  };
};

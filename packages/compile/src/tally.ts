/** How often each key is counted; a key counted zero times is not in it. */
export type Tally<K> = Map<K, number>;

/** Counts a key once more; true when it is the first time. */
export function countIn<K>(tally: Tally<K>, key: K): boolean {
  const count = tally.get(key) ?? 0;
  tally.set(key, count + 1);
  return count === 0;
}

/** Counts a key once less; true when that was the last. Nothing happens for a key that is not counted. */
export function countOut<K>(tally: Tally<K>, key: K): boolean {
  const count = tally.get(key) ?? 0;
  if (count > 1) tally.set(key, count - 1);
  else tally.delete(key);
  return count === 1;
}

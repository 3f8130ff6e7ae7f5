/**
 * Finds the endpoints for which the kernel refuses a state: `refusalOf` says, for a set of endpoints, why not, or null. Each endpoint that
 * is left out is refused on top of all that are kept. Asks about k times log2(n) times for k refused of n. Null when
 * the kernel refuses even no endpoints at all: then none of them is to blame.
 */
export const findRefused = async (
  endpoints: readonly string[],
  refusalOf: (kept: ReadonlySet<string>) => Promise<string | null>,
): Promise<ReadonlyMap<string, string> | null> => {
  const kept = new Set<string>();
  const refused = new Map<string, string>();
  if ((await refusalOf(kept)) !== null) return null;
  const search = async (some: readonly string[]): Promise<void> => {
    if (some.length === 0) return;
    const refusal = await refusalOf(new Set([...kept, ...some]));
    const [first] = some;
    if (refusal === null) {
      for (const id of some) kept.add(id);
    } else if (some.length === 1 && first !== undefined) {
      refused.set(first, refusal);
    } else {
      const half = some.length >> 1;
      await search(some.slice(0, half));
      await search(some.slice(half));
    }
  };
  await search(endpoints);
  return refused;
};

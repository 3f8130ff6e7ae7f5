/** What to add to a set and what to delete from it, each in the order of its own side. The same set by reference costs nothing. */
export function diffElements(
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): { readonly added: readonly string[]; readonly deleted: readonly string[] } {
  if (before === after) return { added: [], deleted: [] };
  return { added: [...after].filter((element) => !before.has(element)), deleted: [...before].filter((element) => !after.has(element)) };
}

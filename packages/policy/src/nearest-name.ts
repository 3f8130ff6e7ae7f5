/** The name that was probably meant, or null when none is near: at most a third of the letters differ, or two. */
export function nearestName(name: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const differing = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (differing < least && differing < candidate.length) [best, least] = [candidate, differing];
  }
  return best;
}

/** How many letters must be put in, left out or replaced to make one text of the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [row, letter] of Array.from(a).entries()) {
    const line = [row + 1];
    for (const [at, other] of Array.from(b).entries()) {
      const replaced = (above[at] ?? 0) + (letter === other ? 0 : 1);
      line.push(Math.min(replaced, (above[at + 1] ?? 0) + 1, (line[at] ?? 0) + 1));
    }
    above = line;
  }
  return above.at(-1) ?? 0;
}

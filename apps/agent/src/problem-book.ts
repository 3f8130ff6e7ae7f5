/** Something that is wrong, as whoever found it says it. */
export type Finding = { readonly code: string; readonly subject: string; readonly detail: string };

/** The same, and since when it has been so (ISO 8601, UTC). */
export type Problem = Finding & { readonly since: string };

/** Remembers since when each problem has been there. The same one in other words (a figure in it has changed) is the same. */
export class ProblemBook {
  #known: ReadonlyMap<string, Problem> = new Map();

  /** The problems of now, each once, in the order given. Those that are not among them are over. */
  update(found: readonly Finding[], now: string): readonly Problem[] {
    const before = this.#known;
    const problems = new Map<string, Problem>();
    for (const finding of found) {
      const key = `${finding.code} ${finding.subject}`;
      if (!problems.has(key)) problems.set(key, { ...finding, since: before.get(key)?.since ?? now });
    }
    this.#known = problems;
    return [...problems.values()];
  }
}

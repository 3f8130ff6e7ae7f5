/** How much of something may happen: so many at once, and so many a second after that. */
export type Pace = { readonly burst: number; readonly perSecond: number };

/** What is left of a pace, by key: a key that nobody asked for lately costs nothing. Times are milliseconds of any one clock. */
export class Allowance {
  readonly #pace: Pace;
  readonly #spent = new Map<string, { readonly left: number; readonly at: number }>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Takes one if one is left; whether it was. */
  take(key: string, now: number): boolean {
    const left = this.#left(key, now);
    if (left < 1) return false;
    this.#spent.set(key, { left: left - 1, at: now });
    return true;
  }

  /** When one will be left, `now` at the earliest. */
  nextAt(key: string, now: number): number {
    return now + Math.ceil((Math.max(0, 1 - this.#left(key, now)) / this.#pace.perSecond) * 1000);
  }

  /** Lets go of the keys of which everything is left. */
  prune(now: number): void {
    for (const key of this.#spent.keys()) if (this.#left(key, now) >= this.#pace.burst) this.#spent.delete(key);
  }

  #left(key: string, now: number): number {
    const { burst, perSecond } = this.#pace;
    const known = this.#spent.get(key);
    if (known === undefined) return burst;
    return Math.min(burst, known.left + (Math.max(0, now - known.at) / 1000) * perSecond);
  }
}

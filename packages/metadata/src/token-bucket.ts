/** How often something may happen: `rate` times a second in the long run, `burst` times at once. */
export type Allowance = { readonly rate: number; readonly burst: number };

/** Counts what an allowance leaves. Time is handed in, in milliseconds, and never goes back. */
export class TokenBucket {
  readonly #allowance: Allowance;
  #tokens: number;
  #at: number;

  constructor(allowance: Allowance, now: number) {
    this.#allowance = allowance;
    this.#tokens = allowance.burst;
    this.#at = now;
  }

  /** Whether it may happen now; if so, it has. */
  take(now: number): boolean {
    const { rate, burst } = this.#allowance;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * rate) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

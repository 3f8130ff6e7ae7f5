/** The shortest and the longest time between two attempts. */
export type BackOffLimits = { readonly minMs: number; readonly maxMs: number };

/** Waiting times that double from one failure to the next, each cut by up to a half at random so that a thousand agents do not come at once. */
export class BackOff {
  readonly #limits: BackOffLimits;
  readonly #random: () => number;
  #failures = 0;

  /** `random`: 0 up to but not including 1. */
  constructor(limits: BackOffLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const ceiling = Math.min(this.#limits.maxMs, this.#limits.minMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.round(ceiling * (1 - this.#random() / 2));
  }

  /** It worked: the next failure is the first. */
  reset(): void {
    this.#failures = 0;
  }
}

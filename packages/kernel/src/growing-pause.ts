/** The shortest pause, the longest, and how long it takes until one doubling is forgiven, in milliseconds. */
export type PauseLimits = { readonly firstMs: number; readonly longestMs: number; readonly forgivenMs: number };

/** How long to wait before something is done again: twice as long each time, and half as long again for each while in which it was not. Times are handed in. */
export class GrowingPause {
  readonly #limits: PauseLimits;
  #pauseMs = 0;
  #doneAt = 0;

  constructor(limits: PauseLimits) {
    this.#limits = limits;
  }

  /** Milliseconds until it may be done; 0: now. */
  wait(now: number): number {
    return this.#pauseMs === 0 ? 0 : Math.max(0, this.#doneAt + this.#pauseMs - now);
  }

  /** It is done now. */
  done(now: number): void {
    const { firstMs, longestMs } = this.#limits;
    this.#pauseMs = Math.min(longestMs, Math.max(firstMs, 2 * this.#remembered(now)));
    this.#doneAt = now;
  }

  /** Whether it is as if it had never been done. */
  isForgiven(now: number): boolean {
    return this.wait(now) === 0 && this.#remembered(now) < this.#limits.firstMs;
  }

  #remembered(now: number): number {
    return this.#pauseMs / 2 ** Math.floor((now - this.#doneAt) / this.#limits.forgivenMs);
  }
}

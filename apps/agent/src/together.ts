/** Does something once for all that comes within a while, at its end. */
export class Together {
  readonly #everyMs: number;
  readonly #act: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(everyMs: number, act: () => void) {
    this.#everyMs = everyMs;
    this.#act = act;
  }

  /** Something has come. */
  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#act();
    }, this.#everyMs);
  }

  /** Nothing is done any more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

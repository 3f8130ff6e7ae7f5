/** What a test has heard and not yet taken, in order; it waits for the next instead of sleeping. */
export class Heard<T> {
  #items: T[] = [];
  #waiting: ((item: T) => void)[] = [];

  readonly add = (item: T): void => {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting(item);
  };

  /** The next item, as soon as there is one. */
  next(): Promise<T> {
    const [item, ...rest] = this.#items;
    if (item === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#items = rest;
    return Promise.resolve(item);
  }

  /** The next item that is wanted; those before it are dropped. */
  async until<U extends T>(isWanted: (item: T) => item is U): Promise<U>;
  async until(isWanted: (item: T) => boolean): Promise<T>;
  async until(isWanted: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = await this.next();
      if (isWanted(item)) return item;
    }
  }

  /** What was heard and not taken so far. */
  get pending(): readonly T[] {
    return this.#items;
  }
}

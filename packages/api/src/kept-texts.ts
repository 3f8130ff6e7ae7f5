import type { Resource } from '@manx/model';

/** So many texts are kept at least of those asked for last, and twice as many at most. */
const LIMIT = 16_384;

/**
 * What was made of resources, by the resource's value, for those that are asked for again and again. Not for all that there are: a list of
 * 100,000 ports is 100 MB of text.
 */
export class KeptTexts<V> {
  #recent = new WeakMap<Resource, V>();
  #older = new WeakMap<Resource, V>();
  #room: number;
  readonly #limit: number;

  constructor(limit = LIMIT) {
    this.#limit = limit;
    this.#room = limit;
  }

  /** What is kept of the resource; undefined when nothing is, or not any more. */
  get(resource: Resource): V | undefined {
    const recent = this.#recent.get(resource);
    if (recent !== undefined) return recent;
    const older = this.#older.get(resource);
    if (older !== undefined) this.set(resource, older);
    return older;
  }

  /** Keeps it, in place of what was kept of the resource before. */
  set(resource: Resource, value: V): void {
    if (this.#room === 0) {
      this.#older = this.#recent;
      this.#recent = new WeakMap();
      this.#room = this.#limit;
    }
    this.#room -= 1;
    this.#recent.set(resource, value);
  }
}

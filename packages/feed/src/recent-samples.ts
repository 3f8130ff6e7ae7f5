import { SAMPLES_OF_A_PLACE } from './messages.js';

/**
 * The latest samples of each tap and reason, of a bounded number of these: however much one tap drops, it pushes out none of another's. Where there
 * are too many places, the one goes first that gave none for longest.
 */
export class RecentSamples<T> {
  readonly #places = new Map<string, readonly T[]>();
  readonly #most: number;

  /** `most`: of how many places samples are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  add(place: string, sample: T): void {
    const kept = [...(this.#places.get(place) ?? []), sample].slice(-SAMPLES_OF_A_PLACE);
    this.#places.delete(place);
    this.#places.set(place, kept);
    const [oldest] = this.#places.keys();
    if (this.#places.size > this.#most && oldest !== undefined) this.#places.delete(oldest);
  }

  /** Those of one place, the latest last. */
  of(place: string): readonly T[] {
    return this.#places.get(place) ?? [];
  }

  /** All that are kept, in no particular order. */
  get all(): readonly T[] {
    return [...this.#places.values()].flat();
  }
}

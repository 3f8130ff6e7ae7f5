import { SAMPLES_OF_A_PLACE } from './messages.js';

/**
 * The latest packets of each place (a tap and a reason, a log and a port), of a bounded number of these: however many one place gives, they push out none of another's. Where there
 * are too many places, the one goes first that gave none for longest.
 */
export class RecentSamples<T> {
  readonly #places = new Map<string, readonly T[]>();
  readonly #most: number;
  readonly #each: number;

  /** `most`: of how many places samples are kept; `each`: how many of one. */
  constructor(most: number, each: number = SAMPLES_OF_A_PLACE) {
    this.#most = most;
    this.#each = each;
  }

  add(place: string, sample: T): void {
    const kept = [...(this.#places.get(place) ?? []), sample].slice(-this.#each);
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

import type { HostDelta, HostObject } from '@manx/hoststate';

/**
 * Makes equal deltas one object, so that what a thousand hosts are told is written down once. Deltas are equal when they delete the
 * same, put the same objects (by reference: hosts share what they have in common), and change the same policies and sets, which change alike everywhere.
 */
export class SharedDeltas {
  readonly #known = new Map<string, HostDelta>();
  readonly #numbers = new Map<HostObject, number>();

  /** The first delta that was equal to this one, or this one. */
  one(delta: HostDelta): HostDelta {
    const key = this.#keyOf(delta);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, delta);
    return delta;
  }

  #keyOf({ deletes, puts, rules, members }: HostDelta): string {
    const gone = deletes.map(({ kind, id }) => `${kind} ${id}`);
    return [gone, puts.map((object) => this.#numberOf(object)), rules.map(({ policy }) => policy), members.map(({ set }) => set)]
      .map((part) => part.join())
      .join(';');
  }

  #numberOf(object: HostObject): number {
    const number = this.#numbers.get(object) ?? this.#numbers.size;
    this.#numbers.set(object, number);
    return number;
  }
}

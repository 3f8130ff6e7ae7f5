/**
 * Ids by key, many to many. A key with one id, which is the usual case (a MAC, a device), costs no set.
 * Owned and mutated by one table of the state.
 */
export class MultiIndex {
  readonly #ids = new Map<string, string | Set<string>>();

  /** Files the id under the key; filing twice is once. */
  add(key: string, id: string): void {
    const held = this.#ids.get(key);
    if (held === undefined) this.#ids.set(key, id);
    else if (typeof held !== 'string') held.add(id);
    else if (held !== id) this.#ids.set(key, new Set([held, id]));
  }

  /** Takes the id from under the key; nothing happens when it is not there. */
  delete(key: string, id: string): void {
    const held = this.#ids.get(key);
    if (held === id) this.#ids.delete(key);
    if (held === undefined || typeof held === 'string' || !held.delete(id)) return;
    if (held.size === 1) for (const last of held) this.#ids.set(key, last);
  }

  /** The ids under the key, in no particular order. */
  get(key: string): Iterable<string> {
    const held = this.#ids.get(key);
    if (held === undefined) return [];
    return typeof held === 'string' ? [held] : held;
  }

  /** How many ids are under the key. */
  count(key: string): number {
    const held = this.#ids.get(key);
    if (held === undefined) return 0;
    return typeof held === 'string' ? 1 : held.size;
  }

  /** Every key with its ids sorted, keys sorted: what two equal indexes have in common. For tests and audits; linear. */
  entries(): Array<[string, string[]]> {
    return [...this.#ids.keys()].sort().map((key) => [key, [...this.get(key)].sort()]);
  }
}

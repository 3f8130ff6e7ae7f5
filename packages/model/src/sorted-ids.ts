/** How many ids a chunk may hold before it is split. */
const CHUNK_LIMIT = 1024;

/**
 * Ids in ascending order, for listing by pages: sorted chunks, so that an insertion or deletion moves at most one chunk.
 * Owned and mutated by one table of the state.
 */
export class SortedIds {
  readonly #chunks: string[][] = [];

  /** Adds an id that is not there yet. */
  add(id: string): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([id]);
      return;
    }
    chunk.splice(firstNotBelow(chunk, id), 0, id);
    if (chunk.length > CHUNK_LIMIT) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_LIMIT / 2));
  }

  /** Forgets an id; nothing happens when it is not there. */
  delete(id: string): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const index = firstNotBelow(chunk, id);
    if (chunk[index] !== id) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The ids above this one, ascending; all of them for ''. */
  *after(id: string): IterableIterator<string> {
    for (let at = this.#chunkOf(id); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      let index = firstNotBelow(chunk, id);
      if (chunk[index] === id) index++;
      for (; index < chunk.length; index++) yield chunk[index] ?? '';
    }
  }

  /** The ids below this one, descending; all of them for null. */
  *before(id: string | null): IterableIterator<string> {
    const start = id === null ? this.#chunks.length - 1 : this.#chunkOf(id);
    for (let at = start; at >= 0; at--) {
      const chunk = this.#chunks[at] ?? [];
      for (let index = (id === null ? chunk.length : firstNotBelow(chunk, id)) - 1; index >= 0; index--) yield chunk[index] ?? '';
    }
  }

  /** The place of the chunk that has, or would have, the id: the last one that does not begin above it. */
  #chunkOf(id: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#chunks[middle]?.[0] ?? '') <= id) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The place of the first id that is not below this one. */
function firstNotBelow(sorted: readonly string[], id: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

import type { Revision } from '@manx/hoststate';

/** One change of one host, as all its sessions get it. */
export type RingEntry = { readonly revision: Revision; readonly line: Buffer };

/** How much of the recent past is kept for a host. */
export type RingLimits = { readonly entries: number; readonly bytes: number };

/**
 * The recent changes of one host, newest last. It is the only queue there is: a session reads from it at its socket's pace, and one
 * that falls behind its floor, slow reader or long absence alike, starts again from a snapshot.
 */
export class DeltaRing {
  readonly #limits: () => RingLimits;
  #entries: RingEntry[] = [];
  #bytes = 0;
  #floor: Revision;

  /** `limits`: as of each push, since what a host may keep depends on how many there are. */
  constructor(floor: Revision, limits: () => RingLimits) {
    this.#floor = floor;
    this.#limits = limits;
  }

  /** Every change after this revision is here. */
  get floor(): Revision {
    return this.#floor;
  }

  /** The newest change is kept whatever its size: whoever has read all the others is about to read it. */
  push(entry: RingEntry): void {
    const { entries, bytes } = this.#limits();
    this.#entries.push(entry);
    this.#bytes += entry.line.length;
    let gone = 0;
    while (this.#entries.length - gone > entries || this.#bytes > bytes) {
      const oldest = this.#entries[gone];
      if (oldest === undefined || oldest === entry) break;
      this.#floor = oldest.revision;
      this.#bytes -= oldest.line.length;
      gone += 1;
    }
    if (gone > 0) this.#entries = this.#entries.slice(gone);
  }

  /** The first change after this revision, which is not below the floor; null when there is none. */
  after(revision: Revision): RingEntry | null {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#entries[low] ?? null;
  }
}

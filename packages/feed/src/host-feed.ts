import type { HostState, Revision } from '@manx/hoststate';
import { DeltaRing, type RingEntry, type RingLimits } from './delta-ring.js';

/** A host's whole state as it stands now: `revision` is never older than what was published last. */
export type HostSnapshot = { readonly revision: Revision; readonly state: HostState };

/** The past of one host in this run of the server, as far as sessions may still ask for it. */
export class HostFeed {
  readonly #takeSnapshot: () => HostSnapshot;
  readonly #limits: () => RingLimits;
  #ring: DeltaRing | null = null;
  /** The newest revision that a snapshot of this run had. */
  #given: Revision = 0;
  #pushed: Revision = 0;

  constructor(takeSnapshot: () => HostSnapshot, limits: () => RingLimits) {
    this.#takeSnapshot = takeSnapshot;
    this.#limits = limits;
  }

  /** True when somebody may ask for changes: others' are not kept. */
  get isKept(): boolean {
    return this.#ring !== null;
  }

  /** The newest revision at which something concerned the host, as far as this run has told it. */
  get newest(): Revision {
    return Math.max(this.#given, this.#pushed);
  }

  push(entry: RingEntry): void {
    this.#pushed = entry.revision;
    this.#ring?.push(entry);
  }

  /** Frees what is kept: the next session starts from a snapshot. */
  forget(): void {
    this.#ring = null;
  }

  /** The whole state; from its revision on changes are kept. */
  snapshot(): HostSnapshot {
    const snapshot = this.#takeSnapshot();
    this.#ring ??= new DeltaRing(snapshot.revision, this.#limits);
    this.#given = Math.max(this.#given, snapshot.revision);
    return snapshot;
  }

  /** Whether a session at this revision can go on with changes alone. */
  canResume(since: Revision, published: Revision): boolean {
    return this.#ring !== null && since >= this.#ring.floor && since <= Math.max(published, this.#given);
  }

  /** The next change after a revision, null when there is none, `lost` when it is no longer kept. */
  after(revision: Revision): RingEntry | 'lost' | null {
    if (this.#ring === null || revision < this.#ring.floor) return 'lost';
    return this.#ring.after(revision);
  }
}

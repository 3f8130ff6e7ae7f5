import type { HeardDrop } from '@manx/feed';
import type { HostState } from '@manx/hoststate';
import { Fault } from '@manx/kernel';
import type { HostCounters } from '@manx/reconcile';
import { DropTally } from './drop-tally.js';

/** What a watch works with. */
export type DropWatchOptions = {
  readonly everyMs: number;
  readonly read: () => Promise<HostCounters>;
  readonly state: () => HostState | null;
  readonly onChange: () => void;
  /** In words when the counters cannot be read, null when they can be again. */
  readonly onProblem: (problem: string | null) => void;
};

/** Reads the counters of drops again and again, one reading at a time. */
export class DropWatch {
  readonly #options: DropWatchOptions;
  readonly #tally = new DropTally();
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void>;
  #readAt = performance.now();
  #hasProblem = false;
  #isClosed = false;

  constructor(options: DropWatchOptions) {
    this.#options = options;
    this.#reading = this.#look();
  }

  /** What was dropped since the watch began, the latest first. */
  get drops(): readonly HeardDrop[] {
    return this.#tally.drops;
  }

  /** Ends after the reading under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#reading;
  }

  async #look(): Promise<void> {
    const { read, state, onChange, everyMs } = this.#options;
    try {
      const counters = await read();
      if (this.#isClosed) return;
      const readAt = performance.now();
      const reading = { counters, now: Date.now(), elapsedMs: readAt - this.#readAt, state: state() };
      this.#readAt = readAt;
      this.#say(null);
      if (this.#tally.take(reading)) onChange();
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#say(fault.message);
    }
    if (!this.#isClosed)
      this.#timer = setTimeout(() => {
        this.#reading = this.#look();
      }, everyMs);
  }

  #say(problem: string | null): void {
    const has = problem !== null;
    if (has !== this.#hasProblem) this.#options.onProblem(problem);
    this.#hasProblem = has;
  }
}

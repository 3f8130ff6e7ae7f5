import { Fault, type NetlinkWatch } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';

const RETRY_MS = 30_000;

/** What is heard, and what it means that it is not. */
export type LogWatchOptions = {
  readonly log: AgentLog;
  /** Begins to hear. Throws Fault. */
  readonly open: () => NetlinkWatch;
  /** For the log: what does not work meanwhile. */
  readonly without: string;
  /** Told when hearing begins or ends to be possible. */
  readonly onProblem: (detail: string | null) => void;
};

/** Hears what rules tell of instances. Where that cannot be, another program having the log group, everything else goes on, and it is tried again. */
export class LogWatch {
  readonly #options: LogWatchOptions;
  #watch: NetlinkWatch | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LogWatchOptions) {
    this.#options = options;
    this.#open();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#watch?.close();
  }

  #open(): void {
    const { log, open, without, onProblem } = this.#options;
    try {
      this.#watch = open();
      if (this.#timer !== null) onProblem(null);
      this.#timer = null;
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      log.error({ problem: fault.message }, without);
      this.#timer = setTimeout(() => this.#open(), RETRY_MS);
      onProblem(fault.message);
    }
  }
}

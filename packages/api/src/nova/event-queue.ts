import { RemoteFault } from '../keystone/remote-fault.js';
import type { NovaClient } from './nova-client.js';
import type { NovaEvent } from './nova-event.js';

/** What has become of the events so far, and how many wait. */
export type EventCounts = { readonly sent: number; readonly refused: number; readonly dropped: number; readonly waiting: number };

/** What the operator's log is told. */
export type EventReport =
  | { readonly kind: 'sent'; readonly events: number }
  /** Nova takes nothing at the moment: asked again after `delayMs`. */
  | { readonly kind: 'failing'; readonly fault: RemoteFault; readonly waiting: number; readonly delayMs: number }
  /** Nova will not have this one, and it is not sent again. */
  | { readonly kind: 'refused'; readonly event: NovaEvent; readonly code: number }
  /** A whole batch that Nova will not have. */
  | { readonly kind: 'batch-refused'; readonly fault: RemoteFault; readonly events: number }
  /** The queue was full: these were the oldest. */
  | { readonly kind: 'dropped'; readonly events: number };

/** What a queue is made from. Times in milliseconds. */
export type EventQueueOptions = {
  readonly client: NovaClient;
  readonly onReport: (report: EventReport) => void;
  /** How long the first event of a batch waits for others. */
  readonly gatherMs?: number;
  /** Events of one post, at most. */
  readonly batchLimit?: number;
  /** Events that wait, at most. */
  readonly capacity?: number;
  readonly retryFirstMs?: number;
  readonly retryLimitMs?: number;
};

type Waiting = { readonly event: NovaEvent; readonly refusals: number };

const DEFAULTS = { gatherMs: 200, batchLimit: 100, capacity: 10_000, retryFirstMs: 500, retryLimitMs: 30_000 } as const;
/** How often an event is sent that Nova has no use for yet: the instance is being made. */
const REFUSALS_LIMIT = 4;
const NOT_YET: ReadonlySet<number> = new Set([404, 422]);

/**
 * Sends events to Nova in their order, many in a post, one post at a time; again and again, more slowly each time, while Nova or Keystone
 * fails. Never holds anybody up: when it is full the oldest events are dropped and counted. A plugged event that Nova has no use for yet
 * (404, 422) is sent a few times more, unless the port has had another since.
 */
export class EventQueue {
  readonly #options: typeof DEFAULTS & EventQueueOptions;
  #waiting: Waiting[] = [];
  /** By port: refused events that are to be sent again later. */
  readonly #later = new Map<string, { readonly timer: NodeJS.Timeout }>();
  #timer: NodeJS.Timeout | null = null;
  #posting: Promise<void> | null = null;
  #delayMs = 0;
  #isClosed = false;
  #counts = { sent: 0, refused: 0, dropped: 0 };

  constructor(options: EventQueueOptions) {
    this.#options = { ...DEFAULTS, ...options } as typeof DEFAULTS & EventQueueOptions;
  }

  get counts(): EventCounts {
    return { ...this.#counts, waiting: this.#waiting.length + this.#later.size };
  }

  /** Takes events; they are sent after those that wait. */
  add(events: readonly NovaEvent[]): void {
    if (this.#isClosed || events.length === 0) return;
    for (const { tag } of events) this.#forgetLater(tag);
    this.#push(events.map((event) => ({ event, refusals: 0 })));
  }

  /** Sends what waits, once, for as long as that may take; what Nova does not take now is lost. Closing twice is fine. */
  async close(limitMs: number): Promise<void> {
    this.#isClosed = true;
    for (const tag of this.#later.keys()) this.#forgetLater(tag);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const all = (async () => {
      await this.#posting;
      while (this.#delayMs === 0 && this.#waiting.length > 0) await this.#post();
    })();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([all, new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)))]);
    clearTimeout(timer);
    this.#drop(this.#waiting.splice(0).length);
  }

  #push(items: readonly Waiting[]): void {
    this.#waiting.push(...items);
    this.#drop(this.#waiting.splice(0, Math.max(0, this.#waiting.length - this.#options.capacity)).length);
    this.#postSoon();
  }

  #drop(events: number): void {
    if (events === 0) return;
    this.#counts.dropped += events;
    this.#options.onReport({ kind: 'dropped', events });
  }

  #postSoon(): void {
    if (this.#isClosed || this.#posting !== null || this.#waiting.length === 0) return;
    const isFull = this.#waiting.length >= this.#options.batchLimit;
    if (this.#timer !== null) {
      if (!isFull || this.#delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#posting = this.#post().finally(() => {
          this.#posting = null;
          this.#postSoon();
        });
      },
      Math.max(this.#delayMs, isFull ? 0 : this.#options.gatherMs),
    );
  }

  async #post(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#options.batchLimit);
    try {
      const codes = await this.#options.client.post(batch.map(({ event }) => event));
      this.#delayMs = 0;
      this.#settle(batch, codes);
    } catch (fault) {
      if (!(fault instanceof RemoteFault)) throw fault;
      this.#onFault(batch, fault);
    }
  }

  #onFault(batch: readonly Waiting[], fault: RemoteFault): void {
    if (fault.code === 'bad-answer') {
      this.#delayMs = 0;
      this.#counts.refused += batch.length;
      this.#options.onReport({ kind: 'batch-refused', fault, events: batch.length });
      return;
    }
    const { retryFirstMs, retryLimitMs, capacity } = this.#options;
    this.#delayMs = Math.min(Math.max(retryFirstMs, this.#delayMs * 2), retryLimitMs);
    // In front of what came meanwhile: the order of a port's events is what they mean.
    this.#waiting = [...batch, ...this.#waiting];
    this.#drop(this.#waiting.splice(0, Math.max(0, this.#waiting.length - capacity)).length);
    this.#options.onReport({ kind: 'failing', fault, waiting: this.#waiting.length, delayMs: this.#delayMs });
  }

  #settle(batch: readonly Waiting[], codes: readonly number[]): void {
    let sent = 0;
    for (const [at, item] of batch.entries()) {
      const code = codes[at] ?? 200;
      if (code === 200) sent += 1;
      else if (this.#isWorthAnother(item, code)) this.#sendLater(item);
      else {
        this.#counts.refused += 1;
        this.#options.onReport({ kind: 'refused', event: item.event, code });
      }
    }
    this.#counts.sent += sent;
    if (sent > 0) this.#options.onReport({ kind: 'sent', events: sent });
  }

  #isWorthAnother({ event, refusals }: Waiting, code: number): boolean {
    if (event.name !== 'network-vif-plugged' || !NOT_YET.has(code) || refusals + 1 >= REFUSALS_LIMIT || this.#isClosed) return false;
    const hasNewer = this.#waiting.some((other) => other.event.tag === event.tag);
    return !hasNewer && this.#later.size < this.#options.capacity;
  }

  #sendLater({ event, refusals }: Waiting): void {
    this.#forgetLater(event.tag);
    const timer = setTimeout(
      () => {
        this.#later.delete(event.tag);
        this.#push([{ event, refusals: refusals + 1 }]);
      },
      this.#options.retryFirstMs * 2 ** refusals,
    );
    this.#later.set(event.tag, { timer });
  }

  #forgetLater(tag: string): void {
    clearTimeout(this.#later.get(tag)?.timer);
    this.#later.delete(tag);
  }
}

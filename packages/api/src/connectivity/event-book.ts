import { randomUUID } from 'node:crypto';
import { EVENTS_OF_A_PLACE, RecentSamples, type ReportedEvent } from '@manx/feed';
import { HeardNumbers, type NumberedWord } from './heard-numbers.js';

/** A packet that logs asked for, and when it was seen, in milliseconds since 1970. `order` counts up as this server hears of them. */
export type HostEvent = Omit<ReportedEvent, 'number' | 'ageMs'> & {
  readonly host: string;
  readonly order: number;
  readonly seenAt: number;
};

/** Of how many places (a host, a log, a port, and whether it was accepted) packets are kept, in all. */
const MAX_PLACES = 5_000;

/**
 * Packets that logs asked for, the latest of each log and port, as the hosts tell them: soft state, of this run of the server. One that comes twice is
 * kept once.
 */
export class EventBook {
  readonly #run = randomUUID();
  readonly #recent = new RecentSamples<HostEvent>(MAX_PLACES, EVENTS_OF_A_PLACE);
  readonly #heard = new HeardNumbers();
  #order = 0;

  take(word: NumberedWord<ReportedEvent>): void {
    const { host } = word;
    for (const event of this.#heard.fresh(word)) {
      this.#order += 1;
      this.#recent.add(placeOf(host, event), { ...event, host, order: this.#order });
    }
  }

  /**
   * What is kept and was heard of after `cursor`, the latest last; all of it where there is none, or it is another run's. With the cursor that goes on
   * from here.
   */
  after(cursor: string | null): { readonly events: readonly HostEvent[]; readonly cursor: string } {
    const [run, order] = [cursor?.slice(0, -ORDER_DIGITS), Number(cursor?.slice(-ORDER_DIGITS))];
    const from = run === this.#run && Number.isInteger(order) ? order : 0;
    const events = this.#recent.all.filter((event) => event.order > from).sort((a, b) => a.order - b.order);
    return { events, cursor: `${this.#run}${String(this.#order).padStart(ORDER_DIGITS, '0')}` };
  }
}

/** Digits enough for whatever number is exact. */
const ORDER_DIGITS = 16;

const placeOf = (host: string, { endpoint, reason, logs }: Pick<ReportedEvent, 'endpoint' | 'reason' | 'logs'>): string =>
  `${host} ${logs[0] ?? ''} ${endpoint} ${reason === null ? 'ACCEPT' : 'DROP'}`;

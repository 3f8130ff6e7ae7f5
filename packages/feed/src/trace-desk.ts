import type { HostName } from '@manx/hoststate';
import type { TraceOrder, TraceReport } from './messages.js';

type Waiting = { readonly answer: (report: TraceReport | 'silent') => void; readonly timer: NodeJS.Timeout };

/** Where orders wait for the answers of their hosts. */
export class TraceDesk {
  readonly #waiting = new Map<string, Waiting>();

  /** The answer to an order that has just been said; `silent` where none has come in time, or the desk closes. */
  expect(host: HostName, order: Pick<TraceOrder, 'trace' | 'type'>, timeoutMs: number): Promise<TraceReport | 'silent'> {
    const key = keyOf(host, order.trace, order.type);
    return new Promise((answer) => {
      this.#waiting.set(key, { answer, timer: setTimeout(() => this.#settle(key, 'silent'), timeoutMs) });
    });
  }

  /** Whether somebody waits for this. */
  take(host: HostName, report: TraceReport): boolean {
    return this.#settle(keyOf(host, report.trace, report.order), report);
  }

  close(): void {
    for (const key of Array.from(this.#waiting.keys())) this.#settle(key, 'silent');
  }

  #settle(key: string, answer: TraceReport | 'silent'): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return false;
    this.#waiting.delete(key);
    clearTimeout(waiting.timer);
    waiting.answer(answer);
    return true;
  }
}

const keyOf = (host: HostName, trace: string, type: TraceOrder['type']): string => `${host} ${trace} ${type}`;

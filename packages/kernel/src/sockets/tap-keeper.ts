import type { IfName } from '@manx/hoststate';
import { Fault } from '../fault.js';

/** A tap, by name, and by the index that another one of the same name would not have. */
type Tap = { readonly ifname: IfName; readonly index: number };

/** What listens at a tap for as long as it is there: who is behind it may change. */
type Listener<T extends Tap> = { tap: T; readonly close: () => void };

type KeeperOptions<T extends Tap, L extends Listener<T>> = {
  /** Begins to listen. Throws Fault when that cannot be done now. */
  readonly open: (tap: T) => L;
  /** Told when `problem` may have changed. */
  readonly onProblem: () => void;
};

const RETRY_MS = 1_000;

/** One listener a tap, for the taps that are served: of those that go it is closed, of those that are made anew it is opened anew. */
export class TapKeeper<T extends Tap, L extends Listener<T>> {
  readonly #options: KeeperOptions<T, L>;
  readonly #listeners = new Map<IfName, L>();
  #wanted: readonly T[] = [];
  #problem: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: KeeperOptions<T, L>) {
    this.#options = options;
  }

  /** Why a tap cannot be served, in words; null when all are. */
  get problem(): string | null {
    return this.#problem;
  }

  /** These taps and no others are served from now on. A tap that cannot be is tried again, until it can or is not wanted any more. */
  serve(taps: readonly T[]): void {
    this.#wanted = taps;
    this.#reconcile();
  }

  /** Ends all listeners. Closing twice is fine. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  #reconcile(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const wanted = new Map(this.#wanted.map((tap) => [tap.ifname, tap]));
    for (const [ifname, listener] of this.#listeners) {
      if (wanted.get(ifname)?.index === listener.tap.index) continue;
      listener.close();
      this.#listeners.delete(ifname);
    }
    this.#problem = null;
    for (const tap of wanted.values()) this.#listen(tap);
    if (this.#problem !== null) this.#timer = setTimeout(() => this.#reconcile(), RETRY_MS);
    this.#options.onProblem();
  }

  #listen(tap: T): void {
    const known = this.#listeners.get(tap.ifname);
    if (known !== undefined) {
      known.tap = tap;
      return;
    }
    try {
      this.#listeners.set(tap.ifname, this.#options.open(tap));
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#problem = `${tap.ifname} cannot be served: ${fault.message}`;
    }
  }
}

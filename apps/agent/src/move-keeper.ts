import type { HeldState } from '@manx/feed';
import type { HostState, IfName } from '@manx/hoststate';
import { type HostFacts, MoveBook, type SavedMove, withMoves } from '@manx/reconcile';
import type { AgentLog } from './agent-log.js';
import { KeptList } from './kept-list.js';
import { upTaps } from './up-taps.js';

/** What a keeper is made from. */
export type MoveKeeperOptions = {
  readonly stateDir: string;
  readonly log: AgentLog;
  /** Told when a turn of the loop is due: what `settle` says may be different. */
  readonly onChange: () => void;
  /** Told when a migration has got further: the copy of the state that it belongs to had better be on disk as well. */
  readonly onProgress: () => void;
};

/**
 * The live migrations to this host, on disk as they go on, so that an agent that dies and comes back goes on where it was, whether the
 * server is there or not. What they mean is in `MoveBook`.
 */
export class MoveKeeper {
  readonly #options: MoveKeeperOptions;
  readonly #kept: KeptList<SavedMove>;
  readonly #book: MoveBook;
  #timer: NodeJS.Timeout | null = null;
  /** The last state that was asked about, and the answer: the same question gives the same reference. */
  #last: { readonly state: HostState; readonly changes: string; readonly settled: HostState } | null = null;

  constructor(options: MoveKeeperOptions) {
    this.#options = options;
    this.#kept = new KeptList({
      ...options,
      name: 'moves.json',
      isItem: isMove,
      what: 'live migrations',
      unwritten: 'after a restart they go on by what the server says',
    });
    this.#book = new MoveBook(this.#kept.read());
  }

  /** Takes in the state that the server wants and the taps as they are; the state with what the server does not know yet. */
  settle({ state, revision }: Pick<HeldState, 'state' | 'revision'>, links: HostFacts['links']): Pick<HeldState, 'state' | 'revision'> {
    this.#book.settle({ state, revision, taps: upTaps(links), now: Date.now() });
    this.#write();
    this.#wakeLater();
    const changes = this.#book.changes();
    const text = JSON.stringify([...changes]);
    if (this.#last?.state !== state || this.#last.changes !== text)
      this.#last = { state, changes: text, settled: withMoves(state, changes) };
    return { state: this.#last.settled, revision };
  }

  /** The instance behind a tap has announced itself. */
  hear(ifname: IfName): void {
    if (!this.#book.hear({ ifname, now: Date.now() })) return;
    this.#options.log.info({ tap: ifname }, 'an instance has arrived by live migration');
    this.#write();
    this.#options.onChange();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Removes the copy on disk. */
  remove(): void {
    this.#kept.remove();
  }

  #wakeLater(): void {
    const now = Date.now();
    const at = this.#book.nextAt(now);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = at === null ? null : setTimeout(this.#options.onChange, Math.max(1, at - now));
  }

  #write(): void {
    if (this.#kept.write(this.#book.saved())) this.#options.onProgress();
  }
}

const isMove = ({ endpoint, phase, revision, isKnown, at, picksUp }: Partial<SavedMove>): boolean =>
  typeof endpoint === 'string' &&
  (phase === 'incoming' || phase === 'arrived' || phase === 'settling' || phase === 'left') &&
  typeof revision === 'number' &&
  typeof isKnown === 'boolean' &&
  typeof at === 'number' &&
  typeof picksUp === 'boolean';

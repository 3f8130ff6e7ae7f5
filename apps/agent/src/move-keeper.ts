import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HeldState } from '@manx/feed';
import type { HostState, IfName } from '@manx/hoststate';
import { writeFileAtomic } from '@manx/kernel';
import { type HostFacts, MoveBook, type SavedMove, withMoves } from '@manx/reconcile';
import type { AgentLog } from './agent-log.js';

const NAME = 'moves.json';

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
  readonly #path: string;
  readonly #book: MoveBook;
  #written: string;
  #timer: NodeJS.Timeout | null = null;
  /** The last state that was asked about, and the answer: the same question gives the same reference. */
  #last: { readonly state: HostState; readonly changes: string; readonly settled: HostState } | null = null;

  constructor(options: MoveKeeperOptions) {
    this.#options = options;
    this.#path = join(options.stateDir, NAME);
    const saved = this.#read();
    this.#written = textOf(saved);
    this.#book = new MoveBook(saved);
  }

  /** Takes in the state that the server wants and the taps as they are; the state with what the server does not know yet. */
  settle({ state, revision }: Pick<HeldState, 'state' | 'revision'>, links: HostFacts['links']): Pick<HeldState, 'state' | 'revision'> {
    const taps = new Set([...links].flatMap(([ifname, { isUp }]) => (isUp ? [ifname] : [])));
    this.#book.settle({ state, revision, taps, now: Date.now() });
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
    rmSync(this.#path, { force: true });
  }

  #wakeLater(): void {
    const now = Date.now();
    const at = this.#book.nextAt(now);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = at === null ? null : setTimeout(this.#options.onChange, Math.max(1, at - now));
  }

  #write(): void {
    const text = textOf(this.#book.saved());
    if (text === this.#written) return;
    try {
      writeFileAtomic(this.#path, text, { mode: 0o600 });
      this.#written = text;
      this.#options.onProgress();
    } catch (error) {
      this.#options.log.error(
        { file: this.#path, problem: (error as Error).message },
        'live migrations cannot be written; after a restart they go on by what the server says',
      );
    }
  }

  #read(): readonly SavedMove[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const moves = parseMoves(text);
    if (moves === null) this.#options.log.warn({ file: this.#path }, 'the copy of the live migrations is torn and not used');
    return moves ?? [];
  }
}

const textOf = (moves: readonly SavedMove[]): string => `${JSON.stringify(moves)}\n`;

const parseMoves = (text: string): readonly SavedMove[] | null => {
  try {
    const moves = JSON.parse(text) as readonly Partial<SavedMove>[];
    const isMove = ({ endpoint, phase, revision, isKnown, at, picksUp }: Partial<SavedMove>): boolean =>
      typeof endpoint === 'string' &&
      (phase === 'incoming' || phase === 'arrived' || phase === 'settling' || phase === 'left') &&
      typeof revision === 'number' &&
      typeof isKnown === 'boolean' &&
      typeof at === 'number' &&
      typeof picksUp === 'boolean';
    return Array.isArray(moves) && moves.every(isMove) ? (moves as readonly SavedMove[]) : null;
  } catch {
    return null;
  }
};

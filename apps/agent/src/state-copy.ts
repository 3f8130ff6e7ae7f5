import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HeldState } from '@manx/feed';
import { decodeHostState, encodeHostState, isProblem } from '@manx/hoststate';
import { writeFileDurable } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';

const NAME = 'host-state.ndjson';
/** Many changes in a row are one write. */
const WRITE_AFTER_MS = 500;
/** A large state takes a while to write: no more than a share of the time is spent on it, and no change waits longer than so long. */
const MAX_SHARE = 0.02;
const MAX_WRITE_AFTER_MS = 3_000;

/**
 * The copy on disk of the last whole state, by which an agent works while its server is away. Written a moment after a change, so it may
 * be that moment old after a crash: the server then sends what is missing.
 */
export class StateCopy {
  readonly #path: string;
  readonly #log: AgentLog;
  #pending: HeldState | null = null;
  #timer: NodeJS.Timeout | null = null;
  #waitMs = WRITE_AFTER_MS;
  #writing: Promise<void> = Promise.resolve();

  constructor(stateDir: string, log: AgentLog) {
    this.#path = join(stateDir, NAME);
    this.#log = log;
  }

  /** What was kept; null when there is nothing, or nothing that can be trusted whole (which is said in the log). */
  read(): HeldState | null {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const end = text.indexOf('\n');
    const place = placeOf(text.slice(0, end));
    const state = decodeHostState(text.slice(end + 1));
    if (place === null || isProblem(state)) {
      this.#log.warn(
        { file: this.#path, problem: isProblem(state) ? state.detail : 'its first line is torn' },
        'the copy of the host state is not used',
      );
      return null;
    }
    return { ...place, state };
  }

  /** Notes a new state; it is on disk a moment later. */
  keep(held: HeldState): void {
    this.#pending = held;
    this.#timer ??= setTimeout(() => {
      void this.flush();
    }, this.#waitMs);
  }

  /** Notes that the same state stands at a later revision: written with the next change, or at the end. */
  note(held: HeldState): void {
    this.#pending = held;
  }

  /** Writes at once what waits; durable when it resolves. A disk that refuses is said in the log, and tried again with the next change. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    const held = this.#pending;
    this.#pending = null;
    if (held === null) return;
    const began = performance.now();
    const text = `${JSON.stringify({ run: held.run, revision: held.revision })}\n${encodeHostState(held.state)}`;
    this.#waitMs = Math.min(MAX_WRITE_AFTER_MS, Math.max(WRITE_AFTER_MS, (performance.now() - began) / MAX_SHARE));
    try {
      await writeFileDurable(this.#path, text, { mode: 0o600 });
    } catch (error) {
      this.#pending ??= held;
      this.#log.error({ file: this.#path, problem: (error as Error).message }, 'the copy of the host state cannot be written');
    }
  }

  /** Removes the copy. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

const placeOf = (line: string): { run: string; revision: number } | null => {
  try {
    const { run, revision } = JSON.parse(line) as { run?: unknown; revision?: unknown };
    return typeof run === 'string' && typeof revision === 'number' ? { run, revision } : null;
  } catch {
    return null;
  }
};

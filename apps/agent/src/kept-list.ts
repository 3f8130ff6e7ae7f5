import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';

/** What is kept, and where. */
export type KeptListOptions<T> = {
  readonly stateDir: string;
  readonly name: string;
  readonly log: AgentLog;
  /** Whether something that was read is one of them: the file may be anything. */
  readonly isItem: (item: Partial<T>) => boolean;
  /** What the items are, for the log, and what comes of it when they cannot be written. */
  readonly what: string;
  readonly unwritten: string;
};

/** A list in a file of the state directory, that an agent which dies and comes back goes on by. */
export class KeptList<T> {
  readonly #options: KeptListOptions<T>;
  readonly #path: string;
  /** As on disk. */
  #text = '';

  constructor(options: KeptListOptions<T>) {
    this.#options = options;
    this.#path = join(options.stateDir, options.name);
  }

  /** What was kept; nothing where there is no file, or one that cannot be trusted, which is said in the log. */
  read(): readonly T[] {
    const { log, what } = this.#options;
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#text = textOf([]);
      return [];
    }
    const items = this.#parse(text);
    if (items === null) log.warn({ file: this.#path }, `the copy of the ${what} is torn and not used`);
    this.#text = textOf(items ?? []);
    return items ?? [];
  }

  /** Writes them where they differ from what is there; whether that was so. A disk that refuses is said in the log. */
  write(items: readonly T[]): boolean {
    const { log, what, unwritten } = this.#options;
    const text = textOf(items);
    if (text === this.#text) return false;
    try {
      writeFileAtomic(this.#path, text, { mode: 0o600 });
      this.#text = text;
      return true;
    } catch (error) {
      log.error({ file: this.#path, problem: (error as Error).message }, `${what} cannot be written; ${unwritten}`);
      return false;
    }
  }

  /** Removes the file. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }

  #parse(text: string): readonly T[] | null {
    try {
      const items = JSON.parse(text) as readonly Partial<T>[];
      return Array.isArray(items) && items.every(this.#options.isItem) ? (items as readonly T[]) : null;
    } catch {
      return null;
    }
  }
}

const textOf = (items: readonly unknown[]): string => `${JSON.stringify(items)}\n`;

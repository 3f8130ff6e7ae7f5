import type { Change, Commit, Revision } from '@manx/model';
import { checkNumbering } from './numbering.js';
import { encodeCommit, type StoredAppend } from './sqlite-messages.js';
import { type AppendResult, DEFAULT_KEEP_COMMITS, type Snapshot, type Store } from './store.js';
import { StoreFault } from './store-fault.js';
import { Watchers } from './watchers.js';
import { type WorkerEnd, WorkerLink } from './worker-link.js';

/** Where the file is, and how much of the past it keeps. */
export type SqliteStoreOptions = {
  /** The database file; made when missing, its directory is not. SQLite puts a `-wal` file beside it. */
  readonly path: string;
  /** Commits to keep for `history`, at least 1; 100,000 unless told. */
  readonly keepCommits?: number;
};

type Pending = {
  readonly append: StoredAppend;
  readonly commits: readonly Commit[];
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
};

class SqliteStore {
  readonly #path: string;
  readonly #link: WorkerLink;
  readonly #watchers = new Watchers();
  #head: Revision;
  /** Appends that wait for the transaction under way; the next one takes them all. */
  #queue: Pending[] = [];
  #round: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(path: string, link: WorkerLink, head: Revision) {
    this.#path = path;
    this.#link = link;
    this.#head = head;
  }

  async head(): Promise<Revision> {
    this.#checkOpen('head');
    // Whatever was called earlier counts, as if calls were answered in order.
    await this.#settled();
    return this.#head;
  }

  async load(): Promise<Snapshot> {
    this.#checkOpen('load');
    const puts: Change[] = [];
    const end = await this.#link.ask({ op: 'load' }, (text) => {
      for (const change of this.#parse<Change>('load', text)) puts.push(change);
    });
    if (end.kind !== 'loaded') throw this.#unexpected('load', end);
    return { revision: end.head, puts };
  }

  async append(expected: Revision, commits: readonly Commit[]): Promise<AppendResult> {
    this.#checkOpen('append');
    checkNumbering(this.#path, expected, commits);
    const append = { expected, commits: commits.map(encodeCommit) };
    return new Promise((resolve, reject) => {
      this.#queue.push({ append, commits, resolve, reject });
      this.#round ??= this.#run();
    });
  }

  async *history(after: Revision): AsyncGenerator<Commit> {
    let last = after;
    let isFirst = true;
    for (;;) {
      this.#checkOpen('history');
      const page: Commit[] = [];
      const end = await this.#link.ask({ op: 'history', after: last }, (text) => page.push(...this.#parse<Commit>('history', text)));
      if (end.kind !== 'history') throw this.#unexpected('history', end);
      for (const commit of page) {
        if (!isFirst && commit.revision !== last + 1) {
          const detail = `commit ${last + 1} was pruned while the history was read`;
          throw new StoreFault({ code: 'history-pruned', op: 'history', subject: this.#path, detail });
        }
        isFirst = false;
        last = commit.revision;
        yield commit;
      }
      if (end.isLast) return;
    }
  }

  watch(onCommit: (commit: Commit) => void): { readonly stop: () => void } {
    this.#checkOpen('watch');
    return this.#watchers.add(onCommit);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#settled();
    this.#watchers.clear();
    try {
      await this.#link.ask({ op: 'close' });
    } finally {
      await this.#link.end();
    }
  }

  async #settled(): Promise<void> {
    while (this.#round !== null) await this.#round;
  }

  /** Group commit: while one transaction is being made durable the next one's appends gather. It never rejects. */
  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      try {
        const end = await this.#link.ask({ op: 'append', appends: group.map((pending) => pending.append) });
        if (end.kind !== 'appended') throw this.#unexpected('append', end);
        group.forEach((pending, index) => this.#settle(pending, end.results[index]));
      } catch (error) {
        for (const pending of group) pending.reject(error);
      }
    }
    this.#round = null;
  }

  #settle(pending: Pending, result: AppendResult | undefined): void {
    if (result === undefined) throw this.#unexpected('append', { kind: 'appended', results: [] });
    this.#head = result.head;
    if (result.kind === 'appended') for (const commit of pending.commits) this.#watchers.tell(commit);
    pending.resolve(result);
  }

  #parse<T>(op: string, text: string): T[] {
    try {
      return JSON.parse(text) as T[];
    } catch (error) {
      throw new StoreFault({ code: 'corrupt', op, subject: this.#path, detail: 'a record of the file is not JSON' }, error);
    }
  }

  #unexpected(op: string, end: WorkerEnd): StoreFault {
    return new StoreFault({ code: 'failed', op, subject: this.#path, detail: `the thread that owns the file answered ${end.kind}` });
  }

  #checkOpen(op: string): void {
    if (this.#closing !== null) throw new StoreFault({ code: 'closed', op, subject: this.#path, detail: 'the store is closed' });
  }
}

/**
 * Opens (or makes) the store in one SQLite file, for this process alone until it is closed. Appends are durable in groups: all that are
 * called while one transaction is written to disk are the next one. The file is worked on by a thread of its own.
 * Rejects with a StoreFault: `directory-missing`, `no-permission`, `locked`, `not-ours`, `newer`, `corrupt`, `full`, `failed`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const keepCommits = Math.max(1, options.keepCommits ?? DEFAULT_KEEP_COMMITS);
  const link = new WorkerLink({ path: options.path, keepCommits });
  try {
    const end = await link.opened();
    const store = new SqliteStore(options.path, link, end.kind === 'opened' ? end.head : 0);
    return {
      head: () => store.head(),
      load: () => store.load(),
      append: (expected, commits) => store.append(expected, commits),
      history: (after) => store.history(after),
      watch: (onCommit) => store.watch(onCommit),
      close: () => store.close(),
    };
  } catch (error) {
    await link.end();
    throw error;
  }
}

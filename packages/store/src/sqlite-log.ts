import { closeSync, openSync } from 'node:fs';
import type { Revision } from '@manx/model';
import Database from 'better-sqlite3';
import { checkPlace, toStoreFault } from './sqlite-fault.js';
import type { StoredAppend, StoredCommit, WorkerSettings } from './sqlite-messages.js';
import { prepareDatabase } from './sqlite-schema.js';
import { type AppendResult, PRUNE_SLACK } from './store.js';
import { StoreFault } from './store-fault.js';

/** About how many characters of JSON go to the main thread in one message. */
const PAGE_CHARS = 1_000_000;

/** Makes the file, readable by its owner alone, where there is none. SQLite gives its own files the same mode. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw error;
  }
}

function openDatabase({ path }: WorkerSettings): Database.Database {
  let db: Database.Database | null = null;
  try {
    checkPlace(path);
    makeFile(path);
    db = new Database(path, { timeout: 0 });
    prepareDatabase(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw toStoreFault('open', path, error);
  }
}

const openStatements = (db: Database.Database) => ({
  begin: db.prepare('BEGIN IMMEDIATE'),
  commit: db.prepare('COMMIT'),
  rollback: db.prepare('ROLLBACK'),
  log: db.prepare<[number, string]>('INSERT INTO commits (revision, body) VALUES (?, ?)'),
  put: db.prepare<[string, string, string]>(
    'INSERT INTO objects (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body',
  ),
  remove: db.prepare<[string, string]>('DELETE FROM objects WHERE kind = ? AND id = ?'),
  prune: db.prepare<[number]>('DELETE FROM commits WHERE revision <= ?'),
  bounds: db.prepare<[], { low: number | null; high: number | null }>(
    'SELECT (SELECT min(revision) FROM commits) AS low, (SELECT max(revision) FROM commits) AS high',
  ),
  objects: db.prepare<[], string>('SELECT body FROM objects').pluck(),
  history: db.prepare<[number], string>('SELECT body FROM commits WHERE revision > ? ORDER BY revision').pluck(),
});

/** The file, seen from the worker thread: everything here is synchronous and throws StoreFaults. */
export class SqliteLog {
  readonly #settings: WorkerSettings;
  readonly #db: Database.Database;
  readonly #sql: ReturnType<typeof openStatements>;
  #head: Revision;
  #oldest: Revision;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
    this.#db = openDatabase(settings);
    this.#sql = openStatements(this.#db);
    const { low, high } = this.#sql.bounds.get() ?? { low: null, high: null };
    this.#head = high ?? 0;
    this.#oldest = low ?? 1;
  }

  get head(): Revision {
    return this.#head;
  }

  /** All calls in one transaction, in order; durable when it returns. When it throws, none of them happened. */
  append(appends: readonly StoredAppend[]): readonly AppendResult[] {
    let head = this.#head;
    return this.#attempt('append', () => {
      this.#sql.begin.run();
      try {
        const results = appends.map(({ expected, commits }): AppendResult => {
          if (expected !== head) return { kind: 'conflict', head };
          for (const commit of commits) this.#write(commit);
          head += commits.length;
          return { kind: 'appended', head };
        });
        const oldest = this.#prune(head);
        this.#sql.commit.run();
        this.#head = head;
        this.#oldest = oldest;
        return results;
      } catch (error) {
        if (this.#db.inTransaction) this.#sql.rollback.run();
        throw error;
      }
    });
  }

  /** Every live object, in JSON lists of about PAGE_CHARS, all as of one moment. */
  load(onPage: (text: string) => void): Revision {
    return this.#attempt('load', () => {
      let page: string[] = [];
      let chars = 0;
      for (const body of this.#sql.objects.iterate()) {
        page.push(body);
        chars += body.length;
        if (chars < PAGE_CHARS) continue;
        onPage(`[${page.join(',')}]`);
        page = [];
        chars = 0;
      }
      if (page.length > 0) onPage(`[${page.join(',')}]`);
      return this.#head;
    });
  }

  /** The next kept commits above `after`, about PAGE_CHARS of them in one JSON list. */
  history(after: Revision): { readonly text: string; readonly isLast: boolean } {
    return this.#attempt('history', () => {
      const page: string[] = [];
      let chars = 0;
      for (const body of this.#sql.history.iterate(after)) {
        page.push(body);
        chars += body.length;
        if (chars >= PAGE_CHARS) return { text: `[${page.join(',')}]`, isLast: false };
      }
      return { text: `[${page.join(',')}]`, isLast: true };
    });
  }

  close(): void {
    this.#attempt('close', () => this.#db.close());
  }

  #write({ revision, head, changes }: StoredCommit): void {
    this.#sql.log.run(revision, `${head}${changes.map((change) => change.text).join(',')}]}`);
    for (const change of changes) {
      if (change.op === 'put') this.#sql.put.run(change.kind, change.id, change.text);
      else this.#sql.remove.run(change.kind, change.id);
    }
  }

  /**
   * Forgets the oldest commits, as part of a transaction that is paid for anyway: at most a few more than have come since the last time,
   * so that a log which is far too long (the setting was lowered) shrinks bit by bit and delays nobody. The oldest that is left comes back.
   */
  #prune(head: Revision): Revision {
    const excess = head - this.#oldest + 1 - this.#settings.keepCommits;
    if (excess < PRUNE_SLACK) return this.#oldest;
    const count = Math.min(excess, head - this.#head + 2 * PRUNE_SLACK);
    this.#sql.prune.run(this.#oldest + count - 1);
    return this.#oldest + count;
  }

  #attempt<T>(op: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw error instanceof StoreFault ? error : toStoreFault(op, this.#settings.path, error);
    }
  }
}

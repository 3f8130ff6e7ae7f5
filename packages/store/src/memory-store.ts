import type { Change, Commit, Revision } from '@manx/model';
import { checkNumbering } from './numbering.js';
import { type AppendResult, DEFAULT_KEEP_COMMITS, PRUNE_SLACK, type Snapshot, type Store } from './store.js';
import { StoreFault } from './store-fault.js';
import { Watchers } from './watchers.js';

const SUBJECT = 'memory';

class MemoryStore {
  readonly #keepCommits: number;
  readonly #watchers = new Watchers();
  readonly #objects = new Map<string, Change>();
  #log: Commit[] = [];
  #head: Revision = 0;
  #isClosed = false;
  /** Ends when the last append that was called has taken effect; it never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(keepCommits: number) {
    this.#keepCommits = keepCommits;
  }

  async head(): Promise<Revision> {
    this.#checkOpen('head');
    await this.#last;
    return this.#head;
  }

  async load(): Promise<Snapshot> {
    this.#checkOpen('load');
    await this.#last;
    return { revision: this.#head, puts: [...this.#objects.values()] };
  }

  async append(expected: Revision, commits: readonly Commit[]): Promise<AppendResult> {
    this.#checkOpen('append');
    checkNumbering(SUBJECT, expected, commits);
    // Never inside the caller's own call: a watcher that is told before `append` has returned would be a surprise of this store alone.
    const done = this.#last.then(() => this.#take(expected, commits));
    this.#last = done;
    return done;
  }

  async *history(after: Revision): AsyncGenerator<Commit> {
    this.#checkOpen('history');
    await this.#last;
    let next = Math.max(after + 1, this.#log[0]?.revision ?? 1);
    for (;;) {
      this.#checkOpen('history');
      const oldest = this.#log[0]?.revision ?? 1;
      if (next < oldest) {
        const detail = `commit ${next} was pruned while the history was read`;
        throw new StoreFault({ code: 'history-pruned', op: 'history', subject: SUBJECT, detail });
      }
      const commit = this.#log[next - oldest];
      if (commit === undefined) return;
      next += 1;
      yield commit;
    }
  }

  watch(onCommit: (commit: Commit) => void): { readonly stop: () => void } {
    this.#checkOpen('watch');
    return this.#watchers.add(onCommit);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    this.#watchers.clear();
  }

  #take(expected: Revision, commits: readonly Commit[]): AppendResult {
    if (expected !== this.#head) return { kind: 'conflict', head: this.#head };
    for (const commit of commits) {
      for (const change of commit.changes) {
        const key = `${change.kind} ${change.id}`;
        if (change.op === 'put') this.#objects.set(key, change);
        else this.#objects.delete(key);
      }
      this.#log.push(commit);
      this.#head = commit.revision;
    }
    if (this.#log.length > this.#keepCommits + PRUNE_SLACK) this.#log = this.#log.slice(-this.#keepCommits);
    for (const commit of commits) this.#watchers.tell(commit);
    return { kind: 'appended', head: this.#head };
  }

  #checkOpen(op: string): void {
    if (this.#isClosed) throw new StoreFault({ code: 'closed', op, subject: SUBJECT, detail: 'the store is closed' });
  }
}

/** A store that lives as long as the process, for tests and for `store: {kind: memory}`; `keepCommits` (at least 1) bounds its history. */
export function openMemoryStore(options: { readonly keepCommits?: number } = {}): Store {
  const store = new MemoryStore(Math.max(1, options.keepCommits ?? DEFAULT_KEEP_COMMITS));
  return {
    head: () => store.head(),
    load: () => store.load(),
    append: (expected, commits) => store.append(expected, commits),
    history: (after) => store.history(after),
    watch: (onCommit) => store.watch(onCommit),
    close: () => store.close(),
  };
}

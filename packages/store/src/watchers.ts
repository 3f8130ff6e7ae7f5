import type { Commit } from '@manx/model';

/** Those who watch a store. One that throws is a bug and ends the process, but never costs another watcher or an answer. */
export class Watchers {
  readonly #callbacks = new Set<{ readonly onCommit: (commit: Commit) => void }>();

  add(onCommit: (commit: Commit) => void): { readonly stop: () => void } {
    const entry = { onCommit };
    this.#callbacks.add(entry);
    return { stop: () => void this.#callbacks.delete(entry) };
  }

  /** Tells everyone who watches now; who starts or stops watching meanwhile counts from the next commit on. */
  tell(commit: Commit): void {
    const now = [...this.#callbacks];
    for (const entry of now) {
      if (!this.#callbacks.has(entry)) continue;
      try {
        entry.onCommit(commit);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#callbacks.clear();
  }
}

import type { Change, Commit, Revision } from '@manx/model';

/** The whole state at one revision: every live resource as a `put`, in no particular order; may be iterated more than once. */
export type Snapshot = { readonly revision: Revision; readonly puts: Iterable<Change> };

/** What became of an append: durable, or refused because somebody else's commit came first. */
export type AppendResult = { readonly kind: 'appended'; readonly head: Revision } | { readonly kind: 'conflict'; readonly head: Revision };

/**
 * The log of commits, in one total order. Truth lives here and nowhere else.
 *
 * Manners, held by one conformance suite that every implementation passes:
 * - `append(expected, commits)` takes commits numbered expected+1, expected+2, ... without a gap (else it rejects `misnumbered`). It
 *   resolves `appended` only when all of them are durable (they survive `kill -9` and power loss), `conflict` (and nothing written) when
 *   `expected` is not the head; without commits it only compares. It rejects with a StoreFault when the medium fails; then nothing of
 *   the batch is visible after a reopen, or all of it. Commits belong to the store from the call on: nobody changes them.
 * - Appends may be called without waiting for earlier ones; they take effect in call order.
 * - `head()` counts every append that was called before it.
 * - `load()` is the state at the head, with at least everything acknowledged before the call.
 * - `history(after)` yields the kept commits with a revision above `after`, ascending and without a gap; a reader that is overtaken by
 *   pruning is told `history-pruned`. Commits that arrive meanwhile may or may not be among them.
 * - `watch` calls back for every commit that becomes durable after the call, by whomever, ascending, each once, and before the append
 *   that brought it resolves. `watch` first, `load` then, skip what the snapshot has: nothing is missed.
 * - `close()` waits for appends under way; from then on every call rejects (`watch` throws) `closed`. Closing twice is fine.
 */
export type Store = {
  readonly head: () => Promise<Revision>;
  readonly load: () => Promise<Snapshot>;
  readonly append: (expected: Revision, commits: readonly Commit[]) => Promise<AppendResult>;
  readonly history: (after: Revision) => AsyncIterable<Commit>;
  readonly watch: (onCommit: (commit: Commit) => void) => { readonly stop: () => void };
  readonly close: () => Promise<void>;
};

/** How many commits of the past a store keeps when nothing else is said. */
export const DEFAULT_KEEP_COMMITS = 100_000;

/** How many more than that may be there for a while, so that pruning costs an append next to nothing. */
export const PRUNE_SLACK = 256;

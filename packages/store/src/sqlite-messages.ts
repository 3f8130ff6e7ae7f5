import type { Commit, ResourceKind, Revision } from '@manx/model';
import type { AppendResult } from './store.js';
import type { StoreFaultFacts } from './store-fault.js';

/** A change as text: it is made JSON once, and lies in the log and among the objects letter for letter. */
export type StoredChange = { readonly op: 'put' | 'delete'; readonly kind: ResourceKind; readonly id: string; readonly text: string };

/** A commit as text: `head` is all of it before the changes, the opening bracket of their list included. */
export type StoredCommit = { readonly revision: Revision; readonly head: string; readonly changes: readonly StoredChange[] };

/** One call of `append`. */
export type StoredAppend = { readonly expected: Revision; readonly commits: readonly StoredCommit[] };

/** What the worker is started with. */
export type WorkerSettings = { readonly path: string; readonly keepCommits: number };

/** Main thread to worker. Requests are answered one after another, in order. */
export type WorkerRequest =
  | { readonly op: 'append'; readonly appends: readonly StoredAppend[] }
  | { readonly op: 'load' }
  | { readonly op: 'history'; readonly after: Revision }
  | { readonly op: 'close' };

/** Worker to main thread: any number of `page`s, then the request's own end. The first message of all is `opened` or `fault`. */
export type WorkerAnswer =
  | { readonly kind: 'opened'; readonly head: Revision }
  | { readonly kind: 'appended'; readonly results: readonly AppendResult[] }
  /** A JSON list of changes (of `load`) or of commits (of `history`). */
  | { readonly kind: 'page'; readonly text: string }
  | { readonly kind: 'loaded'; readonly head: Revision }
  /** `isLast`: nothing came after the page at the time. */
  | { readonly kind: 'history'; readonly isLast: boolean }
  | { readonly kind: 'closed' }
  | { readonly kind: 'fault'; readonly fault: StoreFaultFacts; readonly cause: string };

/** The commit as text, each of its changes made JSON exactly once. */
export function encodeCommit(commit: Commit): StoredCommit {
  const { changes, ...rest } = commit;
  return {
    revision: commit.revision,
    head: `${JSON.stringify(rest).slice(0, -1)},"changes":[`,
    changes: changes.map((change) => ({ op: change.op, kind: change.kind, id: change.id, text: JSON.stringify(change) })),
  };
}

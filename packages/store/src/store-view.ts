import type { Change, Commit, Revision } from '@manx/model';
import { expect } from 'vitest';
import type { Store } from './store.js';

/** Changes by kind and id. */
export const byKey = (changes: Iterable<Change>): Map<string, Change> =>
  new Map([...changes].map((change) => [`${change.kind} ${change.id}`, change]));

/** The state that a store loads, each object in it once. */
export async function stateOf(store: Store): Promise<{ revision: Revision; objects: Map<string, Change> }> {
  const { revision, puts } = await store.load();
  const objects = byKey(puts);
  expect([...puts]).toHaveLength(objects.size);
  return { revision, objects };
}

/** The commits that a store keeps above a revision. */
export async function historyOf(store: Store, after: Revision = 0): Promise<Commit[]> {
  const commits: Commit[] = [];
  for await (const commit of store.history(after)) commits.push(commit);
  return commits;
}

/** Their numbers, in order. */
export const revisionsOf = (commits: readonly Commit[]): Revision[] => commits.map((commit) => commit.revision);

/** What the log says the state is. */
export function fold(commits: readonly Commit[]): Map<string, Change> {
  const objects = new Map<string, Change>();
  for (const change of commits.flatMap((commit) => commit.changes)) {
    const key = `${change.kind} ${change.id}`;
    if (change.op === 'put') objects.set(key, change);
    else objects.delete(key);
  }
  return objects;
}

/** Revisions from one to another, both included. */
export const range = (from: Revision, to: Revision): Revision[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** The code of the fault that a call ends in. */
export async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return 'no fault';
}

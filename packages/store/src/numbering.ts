import type { Commit, Revision } from '@manx/model';
import { StoreFault } from './store-fault.js';

/** Throws `misnumbered` unless the commits are expected+1, expected+2, ... */
export function checkNumbering(subject: string, expected: Revision, commits: readonly Commit[]): void {
  commits.forEach((commit, index) => {
    const wanted = expected + 1 + index;
    if (commit.revision === wanted) return;
    const detail = `a commit after revision ${expected} is numbered ${commit.revision} where ${wanted} belongs`;
    throw new StoreFault({ code: 'misnumbered', op: 'append', subject, detail });
  });
}

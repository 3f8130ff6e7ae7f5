import type { Change } from './commit.js';
import type { State } from './state.js';

/**
 * Makes the changes in order, and returns those that take them back, in the order to apply them: applying the answer leaves the state
 * as it was. A delete of what is not there is nothing. Linear in the changes, whatever the size of the state.
 */
export function applyChanges(state: State, changes: Iterable<Change>): Change[] {
  const inverse: Change[] = [];
  for (const change of changes) {
    const back = state.apply(change);
    if (back !== null) inverse.push(back);
  }
  return inverse.toReversed();
}

import { type Store, StoreFault } from '@manx/store';
import type { Metrics } from './metrics.js';

/** The store, with its appends timed and its faults counted; it has the manners of the one that is given. */
export const meterStore = (store: Store, metrics: Pick<Metrics, 'onAppend' | 'onStoreFault'>): Store => ({
  ...store,
  append: async (expected, commits) => {
    const from = performance.now();
    try {
      const result = await store.append(expected, commits);
      metrics.onAppend({ commits: commits.length, seconds: (performance.now() - from) / 1000, isTaken: result.kind === 'appended' });
      return result;
    } catch (error) {
      metrics.onStoreFault(error instanceof StoreFault ? error.code : 'other');
      throw error;
    }
  },
});

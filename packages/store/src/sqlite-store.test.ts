import { join } from 'node:path';
import { describeStoreConformance } from './conformance.js';
import { makeScratchDirectory } from './scratch-directory.js';
import { openSqliteStore } from './sqlite-store.js';

describeStoreConformance({
  name: 'sqlite',
  isDurable: true,
  makePlace: async () => {
    const { path, remove } = makeScratchDirectory();
    return { open: (options) => openSqliteStore({ path: join(path, 'store.db'), ...options }), dispose: async () => remove() };
  },
});

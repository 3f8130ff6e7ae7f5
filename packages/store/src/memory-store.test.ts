import { describeStoreConformance } from './conformance.js';
import { openMemoryStore } from './memory-store.js';

describeStoreConformance({
  name: 'memory',
  isDurable: false,
  makePlace: async () => ({ open: async (options) => openMemoryStore(options), dispose: async () => undefined }),
});

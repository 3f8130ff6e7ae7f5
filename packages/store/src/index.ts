/** The log of commits: the port, and two implementations of it. */
export { openMemoryStore } from './memory-store.js';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.js';
export type { AppendResult, Snapshot, Store } from './store.js';
export { StoreFault, type StoreFaultCode } from './store-fault.js';

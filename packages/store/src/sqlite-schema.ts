import type { Database } from 'better-sqlite3';
import { StoreFault } from './store-fault.js';

/** `PRAGMA application_id` of our files, "Manx" in ASCII: `file` and we tell them from others by it. */
const APPLICATION_ID = 0x4d_61_6e_78;

/** Raised by one when the tables change; an older file is then migrated at open, a newer one refused. */
const SCHEMA_VERSION = 1;

const schema = `
  CREATE TABLE commits (revision INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE objects (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

const pragma = (db: Database, name: string): unknown => db.pragma(name, { simple: true });

/** Sees whether the file is ours, and makes an empty one ours. Changes nothing in a file that it refuses. */
function examine(db: Database, path: string): void {
  const applicationId = pragma(db, 'application_id');
  const version = pragma(db, 'user_version');
  const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  const refuse = (code: 'not-ours' | 'newer', detail: string): never => {
    throw new StoreFault({ code, op: 'open', subject: path, detail });
  };
  if (applicationId === 0 && version === 0 && tables === 0) db.exec(schema);
  else if (applicationId !== APPLICATION_ID) refuse('not-ours', 'the file is an SQLite database, but not a store of Manx');
  else if (typeof version !== 'number' || version > SCHEMA_VERSION) {
    refuse('newer', `the file has schema version ${String(version)}, this program knows ${SCHEMA_VERSION}`);
  } else if (version < 1) refuse('not-ours', `the file has schema version ${version}, which never was`);
}

/** Throws `corrupt` when SQLite finds a page damaged, or the log has a gap. */
function checkContent(db: Database, path: string): void {
  const refuse = (detail: string): never => {
    throw new StoreFault({ code: 'corrupt', op: 'open', subject: path, detail });
  };
  const found = db.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') refuse(`the file is damaged: ${String(found).replace(/\s+/g, ' ')}`);
  const log = db.prepare<[], { n: number; low: number; high: number }>(
    'SELECT count(*) AS n, coalesce(min(revision), 1) AS low, coalesce(max(revision), 0) AS high FROM commits',
  );
  const { n, low, high } = log.get() ?? { n: 0, low: 1, high: 0 };
  if (n !== high - low + 1 || low < 1) refuse(`the log holds ${n} commits between ${low} and ${high}`);
}

/**
 * Takes the file for this process alone until the database is closed, and makes sure that it is a sound store of a version that we know.
 * Durability: write-ahead log, synced at each commit (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
export function prepareDatabase(db: Database, path: string): void {
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma('synchronous = FULL');
  db.exec('BEGIN EXCLUSIVE');
  try {
    examine(db, path);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
  checkContent(db, path);
  const mode = db.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal') {
    const detail = `the file system allows no write-ahead log (journal mode ${String(mode)})`;
    throw new StoreFault({ code: 'failed', op: 'open', subject: path, detail });
  }
}

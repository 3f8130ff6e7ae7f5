import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreFault, type StoreFaultCode } from './store-fault.js';

/** SQLite's primary result code to what it means here; see https://www.sqlite.org/rescode.html. */
const meanings: readonly (readonly [prefix: string, code: StoreFaultCode, detail: string])[] = [
  ['SQLITE_BUSY', 'locked', 'another server has this file open'],
  ['SQLITE_LOCKED', 'locked', 'another server has this file open'],
  ['SQLITE_FULL', 'full', 'the disk is full'],
  ['SQLITE_CORRUPT', 'corrupt', 'the file is damaged'],
  ['SQLITE_NOTADB', 'not-ours', 'the file is not a store of Manx: it is no SQLite database'],
  ['SQLITE_READONLY', 'no-permission', 'the file, its directory or the file system may not be written'],
  ['SQLITE_PERM', 'no-permission', 'the file may not be opened'],
  ['SQLITE_AUTH', 'no-permission', 'the file may not be opened'],
  ['SQLITE_CANTOPEN', 'no-permission', 'the file could not be opened'],
];

/** The system's name of an error (`ENOENT`, `SQLITE_FULL`), or null. */
const nameOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** What an error of SQLite or of the file system means, as a fault; a StoreFault stays as it is. */
export function toStoreFault(op: string, path: string, error: unknown): StoreFault {
  if (error instanceof StoreFault) return error;
  const name = nameOf(error);
  const text = error instanceof Error ? error.message : String(error);
  const errno = name === null ? {} : { errno: name };
  const found = meanings.find(([prefix]) => name?.startsWith(prefix));
  if (found === undefined) return new StoreFault({ code: 'failed', op, subject: path, detail: text, ...errno }, error);
  const [, code, detail] = found;
  return new StoreFault({ code, op, subject: path, detail: `${detail} (${text})`, ...errno }, error);
}

/** Throws what keeps a file at this path from being a store, as far as the file system alone can tell. */
export function checkPlace(path: string): void {
  const directory = dirname(path);
  const refuse = (code: StoreFaultCode, detail: string, cause: unknown): never => {
    const name = nameOf(cause);
    throw new StoreFault({ code, op: 'open', subject: path, detail, ...(name === null ? {} : { errno: name }) }, cause);
  };
  try {
    if (!statSync(directory).isDirectory()) refuse('directory-missing', `${directory} is not a directory`, undefined);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) refuse('not-ours', 'it is not a plain file', undefined);
  } catch (error) {
    const name = nameOf(error);
    if (error instanceof StoreFault) throw error;
    if (name === 'ENOENT' || name === 'ENOTDIR') refuse('directory-missing', `the directory ${directory} does not exist`, error);
    if (name === 'EACCES' || name === 'EPERM') refuse('no-permission', `the directory ${directory} may not be read and written`, error);
    if (name === 'EROFS') refuse('no-permission', `the directory ${directory} is on a file system that is mounted read-only`, error);
    refuse('failed', `the directory ${directory} could not be looked at`, error);
  }
}

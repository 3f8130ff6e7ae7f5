import { closeSync, fchmodSync, fchownSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Who may read a file that root owns. */
export type FileAccess = { readonly mode: number; readonly gid?: number };

const ALL_MAY_READ: FileAccess = { mode: 0o644 };

/**
 * Replaces a file's text so that a reader, or an end of this process at any moment, sees the old text or the new, whole. Not durable: for
 * files that are made anew after a restart of the machine. Makes missing folders. Throws the system's error.
 */
export const writeFileAtomic = (path: string, text: string, access: FileAccess = ALL_MAY_READ): void => {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryOf(path);
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeFileSync(fd, text);
    if (access.gid !== undefined) fchownSync(fd, 0, access.gid);
    fchmodSync(fd, access.mode);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
};

/** As `writeFileAtomic`, but durable when it resolves, also against a loss of power; the disk is waited for elsewhere. Not for one path twice at a time. */
export const writeFileDurable = async (path: string, text: string, access: FileAccess = ALL_MAY_READ): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryOf(path);
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(text);
    if (access.gid !== undefined) await file.chown(0, access.gid);
    await file.chmod(access.mode);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** The leading dot keeps programs that watch the folder from reading the half-written file. */
const temporaryOf = (path: string): string => join(dirname(path), `.${basename(path)}.${process.pid}`);

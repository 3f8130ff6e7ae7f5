import { type Dirent, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../fault.js';
import { orFileFault } from './file-fault.js';
import { type FileAccess, writeFileAtomic } from './write-file-atomic.js';

/** Every regular file below a folder by its path within it; empty when there is no such folder. Half-written ones (a leading dot) are not listed. */
export const readFolder = (folder: string): ReadonlyMap<string, string> => {
  const files = new Map<string, string>();
  for (const entry of entriesOf(folder)) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isFile()) files.set(entry.name, readFileSync(path, 'utf8'));
    if (!entry.isDirectory()) continue;
    for (const [name, text] of readFolder(path)) files.set(`${entry.name}/${name}`, text);
  }
  return files;
};

/** A regular file's text; null where there is none. */
export const readTextFile = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
};

/** Files to write, by name below the folder, and names to remove. */
export type FolderChange = { readonly write: ReadonlyMap<string, string>; readonly remove: readonly string[] };

/** Writes and removes files below a folder, each atomically. Throws Fault for a name that leads out of it, before anything is written, and for what the system refuses. */
export const changeFolder = (folder: string, change: FolderChange, access: FileAccess): void => {
  for (const name of [...change.write.keys(), ...change.remove]) checkName(folder, name);
  orFileFault('change files in', folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of change.write) writeFileAtomic(join(folder, name), text, access);
    for (const name of change.remove) rmSync(join(folder, name), { force: true });
  });
};

const checkName = (folder: string, name: string): void => {
  if (name.split('/').some((part) => !/^[A-Za-z0-9_][A-Za-z0-9._:-]*$/.test(part))) {
    throw new Fault({ code: 'refused', op: 'write', subject: folder, detail: `not a file name: ${JSON.stringify(name)}` });
  }
};

const entriesOf = (folder: string): readonly Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

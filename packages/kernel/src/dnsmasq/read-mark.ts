import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../files/write-file-atomic.js';

/**
 * Says that the program has been told to read its files: the pid file becomes the youngest of all. It is written anew, since only the
 * kernel's own clock compares with the times of the files that were just written; a time that is set has whole milliseconds.
 */
export const markRead = (pidFile: string): void => {
  if (existsSync(pidFile)) writeFileAtomic(pidFile, readFileSync(pidFile, 'utf8'));
};

/** Whether the program was started, or told, after the last of these files was written. */
export const hasBeenRead = (pidFile: string, folder: string, names: Iterable<string>): boolean => {
  if (!existsSync(pidFile)) return false;
  const { mtimeNs } = statSync(pidFile, { bigint: true });
  return [...names].every((name) => statSync(join(folder, name), { bigint: true }).mtimeNs <= mtimeNs);
};

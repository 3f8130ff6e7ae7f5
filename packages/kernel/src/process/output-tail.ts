import { closeSync, mkdirSync, openSync, readSync, statSync, truncateSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** What is read at a time, in bytes, and the most that is kept of a line. */
const CHUNK = 65_536;

/** How long a file may become, in bytes: what makes a program talk may be a guest. */
const LIMIT = 1_048_576;

/** A file that is followed. */
export type OutputTail = { readonly close: () => void };

/**
 * Tells each line that a program writes into its output file from now on, also when the file is made anew. One that is longer than
 * 1 MiB is emptied, so that nobody fills a disk by making a program complain; the program has to write at the end (`O_APPEND`).
 * The folder is made when it is missing. Throws what the file system throws.
 */
export const tailOutput = (file: string, onLine: (line: string) => void): OutputTail => {
  mkdirSync(dirname(file), { recursive: true });
  const read = { inode: 0, offset: 0, rest: '', ...sizeOf(file) };
  const look = (): void => {
    const now = sizeOf(file);
    if (now === null) return;
    if (now.inode !== read.inode || now.offset < read.offset) Object.assign(read, { inode: now.inode, offset: 0, rest: '' });
    for (const text of readFrom(file, read)) {
      const lines = (read.rest + text).split('\n');
      read.rest = (lines.pop() ?? '').slice(-CHUNK);
      for (const line of lines) onLine(line);
    }
    if (read.offset > LIMIT) {
      truncateSync(file, 0);
      read.offset = 0;
    }
  };
  const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
    if (name === basename(file)) look();
  });
  return {
    close: () => {
      watcher.close();
    },
  };
};

const sizeOf = (file: string): { readonly inode: number; readonly offset: number } | null => {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? null : { inode: stat.ino, offset: stat.size };
};

/** What is new in the file, piece by piece; the place is moved along. */
function* readFrom(file: string, place: { offset: number }): Generator<string> {
  const descriptor = openSync(file, 'r');
  const buffer = Buffer.alloc(CHUNK);
  try {
    for (;;) {
      const length = readSync(descriptor, buffer, 0, CHUNK, place.offset);
      if (length === 0) return;
      place.offset += length;
      yield buffer.toString('latin1', 0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}

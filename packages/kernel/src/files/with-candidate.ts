import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { orFileFault } from './file-fault.js';
import { writeFileAtomic } from './write-file-atomic.js';

/** Has a text looked at as a file beside the one whose place it is to take, and gone afterwards whatever the look says. Throws Fault when it cannot be written. */
export const withCandidate = async <T>(path: string, text: string, look: (candidate: string) => Promise<T>): Promise<T> => {
  const candidate = join(dirname(path), '.candidate.conf');
  orFileFault('write', candidate, () => writeFileAtomic(candidate, text, { mode: 0o600 }));
  try {
    return await look(candidate);
  } finally {
    rmSync(candidate, { force: true });
  }
};

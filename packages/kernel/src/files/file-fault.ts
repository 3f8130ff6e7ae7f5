import { constants } from 'node:os';
import { faultOfErrno } from '../errno.js';

/** Does something with a file; a refusal of the system (a full or read-only disk, for instance) becomes a Fault with its error's name. */
export const orFileFault = <T>(op: string, path: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    const { errno, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw faultOfErrno(op, path, { errno: errno === undefined ? constants.errno.EIO : -errno });
  }
};

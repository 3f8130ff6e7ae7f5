import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { Fault } from '../fault.js';
import { tryLock } from '../netlink/libc.js';

/** A lock that is held until `release` or the end of the process, however that comes. */
export type HostLock = { readonly release: () => void };

/**
 * Takes the one lock of this network namespace: whoever holds it may write its tables and routes. It is a flock(2) on the namespace
 * itself, so it needs no file and cannot be left behind. Throws Fault `busy`, naming the process that holds it.
 */
export const takeHostLock = (): HostLock => {
  const fd = openSync('/proc/self/ns/net', 'r');
  if (!tryLock(fd)) {
    const holder = holderOf(fstatSync(fd).ino);
    closeSync(fd);
    throw new Fault({
      code: 'busy',
      op: 'take charge of',
      subject: 'this host',
      detail: `another agent runs in this network namespace${holder === null ? '' : ` (process ${holder})`}`,
    });
  }
  return {
    release: () => {
      closeSync(fd);
    },
  };
};

/** The process that holds a lock on an inode, from /proc/locks (proc(5)): `1: FLOCK ADVISORY WRITE 4711 00:04:4026531840 0 EOF`. */
const holderOf = (inode: number): string | null => {
  for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
    const [, kind, , , pid, place] = line.trim().split(/\s+/);
    if (kind === 'FLOCK' && place?.endsWith(`:${inode}`)) return pid ?? null;
  }
  return null;
};

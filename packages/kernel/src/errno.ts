import { constants } from 'node:os';
import { Fault, type FaultCode } from './fault.js';

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    // Where two names share a number the one that manuals use comes last.
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'ENOTSUP')
    .map(([name, value]) => [value, name]),
);

const CODES: Readonly<Record<string, FaultCode>> = {
  EPERM: 'not-permitted',
  EACCES: 'not-permitted',
  ENOENT: 'missing',
  ENODEV: 'missing',
  ESRCH: 'missing',
  EADDRNOTAVAIL: 'missing',
  EOPNOTSUPP: 'missing',
  EBUSY: 'busy',
  EAGAIN: 'busy',
  EINTR: 'busy',
  ENOBUFS: 'lost',
  ECONNREFUSED: 'lost',
};

/** `ENODEV` for 19; `errno 4711` for a number without a name. */
export const errnoName = (errno: number): string => NAMES.get(errno) ?? `errno ${errno}`;

/** The fault for a refused request: what the kernel's error number means, and its own words if it sent some. */
export const faultOfErrno = (op: string, subject: string, said: { readonly errno: number; readonly message?: string | null }): Fault => {
  const name = errnoName(said.errno);
  const code = CODES[name] ?? 'refused';
  const detail = said.message ? `${said.message} (${name})` : name;
  return new Fault({ code, op, subject, detail, errno: said.errno, retry: code === 'busy' || code === 'lost' });
};

import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { faultOfErrno } from '../errno.js';

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)') as (domain: number, type: number, protocol: number) => number;
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)') as (
  ...args: readonly [number, number, number, Buffer, number]
) => number;
const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)') as (
  ...args: readonly [number, number, number, Buffer, Buffer]
) => number;
const bind = libc.func('int bind(int fd, void *address, uint32_t length)') as (fd: number, address: Buffer, length: number) => number;
const sendto = libc.func('long sendto(int fd, void *bytes, size_t length, int flags, void *address, uint32_t addressLength)') as (
  ...args: readonly [number, Buffer, number, number, Buffer, number]
) => number;
const fcntl = libc.func('int fcntl(int fd, int command, ...)') as (fd: number, command: number, type: 'int', value: number) => number;
const setnsOf = libc.func('int setns(int fd, int type)') as (fd: number, type: number) => number;
const unshareOf = libc.func('int unshare(int flags)') as (flags: number) => number;
const flockOf = libc.func('int flock(int fd, int operation)') as (fd: number, operation: number) => number;
const memfdCreate = libc.func('int memfd_create(const char *name, uint32_t flags)') as (name: string, flags: number) => number;
const syscall2 = libc.func('long syscall(long number, long first, long second)') as (
  number: number,
  first: number,
  second: number,
) => number;

// include/linux/socket.h, include/linux/net.h, include/uapi/asm-generic/socket.h: what sockets of all kinds are opened and asked with.
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;

const CLONE_NEWNET = 0x40000000;
const SYS_PIDFD_OPEN = 434; // include/uapi/asm-generic/unistd.h: the same on every architecture
const MFD_CLOEXEC = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

const checked = (op: string, subject: string, result: number): number => {
  if (result < 0) throw faultOfErrno(op, subject, { errno: koffi.errno() });
  return result;
};

/** socket(2): a file descriptor that the caller closes. Throws Fault. */
export const openSocket = (domain: number, type: number, protocol: number): number =>
  checked('open socket', `family ${domain} protocol ${protocol}`, socket(domain, type, protocol));

/** setsockopt(2) with bytes as they lie in memory. Throws Fault. */
export const setSocketOption = (fd: number, option: { readonly level: number; readonly name: number }, value: Buffer): void => {
  checked('set socket option', `${option.level}/${option.name}`, setsockopt(fd, option.level, option.name, value, value.length));
};

/** getsockopt(2) of a number; null for what is no socket, or has no such option. */
export const socketOption = (fd: number, option: { readonly level: number; readonly name: number }): number | null => {
  const value = Buffer.alloc(4);
  const length = Buffer.from([value.length, 0, 0, 0]);
  return getsockopt(fd, option.level, option.name, value, length) < 0 ? null : value.readInt32LE(0);
};

/** Keeps a descriptor that another library opened from the programs that this process starts. Throws Fault. */
export const closeOnExec = (fd: number): void => {
  checked('keep from programs', String(fd), fcntl(fd, F_SETFD, 'int', FD_CLOEXEC));
};

/** bind(2) with a socket address as it lies in memory. Throws Fault. */
export const bindSocket = (fd: number, address: Buffer): void => {
  checked('bind socket', String(fd), bind(fd, address, address.length));
};

/** sendto(2): one message to a socket address as it lies in memory. Throws Fault. */
export const sendTo = (fd: number, bytes: Buffer, address: Buffer): void => {
  checked('send', String(fd), sendto(fd, bytes, bytes.length, 0, address, address.length));
};

/** A pidfd (pidfd_open(2)), readable once the process has ended; null when there is no such process. The caller closes it. */
export const openPidfd = (pid: number): number | null => {
  const fd = syscall2(SYS_PIDFD_OPEN, pid, 0);
  return fd < 0 ? null : fd;
};

/** memfd_create(2): an empty file that lives in memory and goes with its descriptor, which the caller closes. Throws Fault. */
export const openMemoryFile = (name: string): number => checked('open memory file', name, memfdCreate(name, MFD_CLOEXEC));

/** flock(2), exclusive, without waiting: whether the lock is now ours. It goes with the descriptor, so with the process. */
export const tryLock = (fd: number): boolean => flockOf(fd, LOCK_EX | LOCK_NB) === 0;

/** The address of a buffer's bytes, for structures that point to others; valid while the buffer lives. */
export const addressOf = (buffer: Buffer): bigint => koffi.address(buffer);

/**
 * Runs one synchronous step in another network namespace (a path below /run/netns or /proc); sockets opened inside stay there.
 * `step` must not await. Throws Fault when the namespace cannot be entered.
 */
export const inNetns = <T>(path: string, step: () => T): T =>
  away(() => {
    const there = openSync(path, 'r');
    try {
      checked('enter namespace', path, setnsOf(there, CLONE_NEWNET));
    } finally {
      closeSync(there);
    }
  }, step);

/** As `inNetns`, in a new namespace, which is gone afterwards with all that is in it. Throws Fault (`not-permitted`) without CAP_SYS_ADMIN. */
export const inNetnsOfItsOwn = <T>(step: () => T): T =>
  away(() => void checked('make', 'a network namespace', unshareOf(CLONE_NEWNET)), step);

const away = <T>(leave: () => void, step: () => T): T => {
  const home = openSync('/proc/self/ns/net', 'r');
  try {
    leave();
    try {
      return step();
    } finally {
      checked('leave namespace', 'for the one before', setnsOf(home, CLONE_NEWNET));
    }
  } finally {
    closeSync(home);
  }
};

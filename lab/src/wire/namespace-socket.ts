import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

/**
 * Sockets in other network namespaces, in this process: a socket belongs to the namespace that its thread was in when it was made
 * (network_namespaces(7)), so one process can speak from every instance of the lab.
 */

const libc = koffi.load('libc.so.6');
const setns = libc.func('int setns(int fd, int nstype)');
const socketCall = libc.func('int socket(int domain, int type, int protocol)');
const bindCall = libc.func('int bind(int fd, const uint8_t *address, uint32_t length)');
const connectCall = libc.func('int connect(int fd, const uint8_t *address, uint32_t length)');
const listenCall = libc.func('int listen(int fd, int backlog)');
const sendtoCall = libc.func(
  'intptr_t sendto(int fd, const uint8_t *data, size_t length, int flags, const uint8_t *address, uint32_t addressLength)',
);
const setsockoptCall = libc.func('int setsockopt(int fd, int level, int name, const int *value, uint32_t length)');
const setBytesCall = libc.func('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)');
const sendCall = libc.func('intptr_t send(int fd, const uint8_t *data, size_t length, int flags)');
const recvCall = libc.func('intptr_t recv(int fd, _Out_ uint8_t *data, size_t length, int flags)');
const ifNameToIndex = libc.func('uint32_t if_nametoindex(const char *name)');

// Constants of asm-generic/socket.h, linux/if_ether.h, linux/in.h and sched.h.
const CLONE_NEWNET = 0x40000000;
export const AF_INET = 2;
export const AF_INET6 = 10;
const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;
const ETH_P_ALL = 3;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const EAGAIN = 11;
const EINTR = 4;
const ENETDOWN = 100;
const EINPROGRESS = 115;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const MCAST_JOIN_GROUP = 42;
const MCAST_JOIN_SOURCE_GROUP = 46;

/** A system call that failed; `errno` is the kernel's number. */
export class SocketFault extends Error {
  readonly errno: number;
  constructor(call: string, errno: number) {
    super(`${call} failed with errno ${errno}`);
    this.name = 'SocketFault';
    this.errno = errno;
  }
}

const checked = (call: string, result: number): number => {
  if (result < 0) throw new SocketFault(call, koffi.errno());
  return result;
};

/** Runs a synchronous function with this thread inside a namespace of /run/netns, and comes back whatever happens. */
const insideNamespace = <T>(namespace: string, act: () => T): T => {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const there = openSync(`/run/netns/${namespace}`, 'r');
    try {
      checked('setns', setns(there, CLONE_NEWNET) as number);
    } finally {
      closeSync(there);
    }
    try {
      return act();
    } finally {
      checked('setns', setns(home, CLONE_NEWNET) as number);
    }
  } finally {
    closeSync(home);
  }
};

/** Which socket, as socket(2) has it. */
export type SocketKind = { readonly domain: number; readonly type: number; readonly protocol: number };

const newSocket = (kind: SocketKind): number => {
  const fd = checked('socket', socketCall(kind.domain, kind.type | SOCK_CLOEXEC | SOCK_NONBLOCK, kind.protocol) as number);
  const one = [1];
  setsockoptCall(fd, SOL_SOCKET, SO_REUSEADDR, one, 4);
  if (kind.domain === AF_INET6) setsockoptCall(fd, IPPROTO_IPV6, IPV6_V6ONLY, one, 4);
  return fd;
};

/** A non-blocking socket in a namespace; the caller owns the descriptor. */
export const openSocket = (namespace: string, kind: SocketKind): number => insideNamespace(namespace, () => newSocket(kind));

/** A struct sockaddr_in or sockaddr_in6 (linux/in.h, linux/in6.h); the wildcard address unless one is given. */
const socketAddress = (domain: number, port: number, address: readonly number[] = []): Uint8Array => {
  const bytes = new Uint8Array(domain === AF_INET ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, domain, true);
  view.setUint16(2, port);
  bytes.set(address, domain === AF_INET ? 4 : 8);
  return bytes;
};

const bindAndListen = (fd: number, kind: SocketKind, address: Uint8Array): number => {
  try {
    checked('bind', bindCall(fd, address, address.length) as number);
    if (kind.type === SOCK_STREAM) checked('listen', listenCall(fd, 511) as number);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
};

/** A socket bound to a port of every address in a namespace; a stream socket listens. */
export const openBound = (namespace: string, kind: SocketKind, port: number): number =>
  bindAndListen(openSocket(namespace, kind), kind, socketAddress(kind.domain, port));

/**
 * A TCP socket that has begun to connect from a namespace to an IPv4 address there, by an interface when one is named, whatever the routes say
 * (SO_BINDTODEVICE, socket(7)). What comes of it is told to whoever reads; the caller owns the descriptor.
 */
export const openConnecting = (
  namespace: string,
  to: { readonly address: readonly number[]; readonly port: number },
  ifname: string | null = null,
): number =>
  insideNamespace(namespace, () => {
    const fd = newSocket({ domain: AF_INET, type: SOCK_STREAM, protocol: 0 });
    try {
      const name = new TextEncoder().encode(ifname ?? '');
      if (ifname !== null) checked('setsockopt', setBytesCall(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length) as number);
      const address = socketAddress(AF_INET, to.port, to.address);
      if ((connectCall(fd, address, address.length) as number) < 0 && koffi.errno() !== EINPROGRESS)
        throw new SocketFault('connect', koffi.errno());
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  });

/** A listening TCP socket on 127.0.0.1 of the namespace that this process is in; blocking-free, to be handed to a child process. */
export const openLoopbackListener = (port: number): number => {
  const kind = { domain: AF_INET, type: SOCK_STREAM, protocol: 0 };
  return bindAndListen(newSocket(kind), kind, socketAddress(AF_INET, port, [127, 0, 0, 1]));
};

/** A struct sockaddr_ll (packet(7)) of an interface. */
const linkAddress = (index: number, protocol: number): Uint8Array => {
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol);
  view.setInt32(4, index, true);
  return address;
};

/** Sends one whole Ethernet frame out of an interface of a namespace, as it is: nothing is filled in (packet(7)). */
export const sendFrame = (namespace: string, ifname: string, frame: Uint8Array): void => {
  const fd = openSocket(namespace, { domain: AF_PACKET, type: SOCK_RAW, protocol: 0 });
  try {
    const address = linkAddress(
      insideNamespace(namespace, () => ifNameToIndex(ifname) as number),
      0,
    );
    checked('sendto', Number(sendtoCall(fd, frame, frame.length, 0, address, address.length)));
  } finally {
    closeSync(fd);
  }
};

/** A packet socket on one interface of a namespace, which hears every frame that comes in there and none that goes out; the caller owns it. */
export const openLink = (namespace: string, ifname: string): number => {
  const fd = openSocket(namespace, { domain: AF_PACKET, type: SOCK_RAW, protocol: 0 });
  try {
    setsockoptCall(fd, SOL_SOCKET, SO_RCVBUFFORCE, [1 << 23], 4);
    checked('setsockopt', setsockoptCall(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, [1], 4) as number);
    const index = insideNamespace(namespace, () => ifNameToIndex(ifname) as number);
    const address = linkAddress(index, ETH_P_ALL);
    checked('bind', bindCall(fd, address, address.length) as number);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
};

/** Sends one whole frame over a socket of `openLink`. */
export const sendOnLink = (fd: number, frame: Uint8Array): void => {
  checked('send', Number(sendCall(fd, frame, frame.length, 0)));
};

const received = new Uint8Array(65_536);

/** The next frame that a socket of `openLink` has heard; null when there is none yet, or the interface is gone. */
export const receiveOnLink = (fd: number): Uint8Array | null => {
  const length = Number(recvCall(fd, received, received.length, 0));
  if (length >= 0) return received.slice(0, length);
  const errno = koffi.errno();
  if ([EAGAIN, EINTR, ENETDOWN].includes(errno)) return null;
  throw new SocketFault('recv', errno);
};

/** A struct sockaddr_storage with an address in it. */
const storage = (domain: number, address: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(128);
  bytes.set(socketAddress(domain, 0, address));
  return bytes;
};

/**
 * Listens to a multicast group at an interface of a namespace, from one source or all (MCAST_JOIN_GROUP and MCAST_JOIN_SOURCE_GROUP, RFC 3678): the namespace's kernel
 * says so to its router. It leaves when the descriptor is closed, which the caller owns. Addresses are as bytes.
 */
export const joinGroup = (
  namespace: string,
  ifname: string,
  { group, source }: { readonly group: readonly number[]; readonly source: readonly number[] | null },
): number => {
  const domain = group.length === 4 ? AF_INET : AF_INET6;
  const fd = openSocket(namespace, { domain, type: SOCK_DGRAM, protocol: 0 });
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(
    0,
    insideNamespace(namespace, () => ifNameToIndex(ifname) as number),
    true,
  );
  const option = [...head, ...storage(domain, group), ...(source === null ? [] : storage(domain, source))];
  const name = source === null ? MCAST_JOIN_GROUP : MCAST_JOIN_SOURCE_GROUP;
  try {
    checked('setsockopt', setBytesCall(fd, domain === AF_INET ? 0 : IPPROTO_IPV6, name, Uint8Array.from(option), option.length) as number);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
};

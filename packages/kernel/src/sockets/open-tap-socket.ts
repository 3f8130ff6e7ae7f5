import { closeSync } from 'node:fs';
import type { IfName } from '@manx/hoststate';
import { familyOf, type Ip } from '@manx/ip';
import { AF_OF_FAMILY, ipBytes } from '../netlink/ip-bytes.js';
import {
  bindSocket,
  openSocket,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  setSocketOption,
} from '../netlink/libc.js';

const SOCKET_TYPES = { tcp: SOCK_STREAM, udp: SOCK_DGRAM } as const;
// include/uapi/asm-generic/socket.h, include/uapi/linux/in6.h
const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/** Where a socket is bound: an address that the tap has, a port, and the tap, by name and by index. */
export type TapPlace = {
  readonly ifname: IfName;
  readonly index: number;
  readonly ip: Ip;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
};

const one = (): Buffer => {
  const value = Buffer.alloc(4);
  value.writeInt32LE(1);
  return value;
};

/** struct sockaddr_in or sockaddr_in6, the latter with the tap's index as its scope (ipv6(7)). */
const socketAddress = ({ ip, port, index }: TapPlace): Buffer => {
  const family = familyOf(ip);
  const address = Buffer.alloc(family === 4 ? 16 : 28);
  address.writeUInt16LE(AF_OF_FAMILY[family], 0);
  address.writeUInt16BE(port, 2);
  ipBytes(ip).copy(address, family === 4 ? 4 : 8);
  if (family === 6) address.writeUInt32LE(index, 24);
  return address;
};

/**
 * A socket, bound, of TCP ready to listen, that takes connections or datagrams from one tap only, and answers through it whatever the routes say
 * (SO_BINDTODEVICE, socket(7)). Many taps may have one address and port each. The caller owns the descriptor. Throws Fault, for instance when
 * the tap is gone or has not the address (errno EADDRNOTAVAIL, ENODEV).
 */
export const openTapSocket = (place: TapPlace): number => {
  const family = familyOf(place.ip);
  const fd = openSocket(AF_OF_FAMILY[family], SOCKET_TYPES[place.protocol] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    // Connections of a listener before may linger; with datagrams it would let a second one listen beside the first.
    if (place.protocol === 'tcp') setSocketOption(fd, { level: SOL_SOCKET, name: SO_REUSEADDR }, one());
    setSocketOption(fd, { level: SOL_SOCKET, name: SO_BINDTODEVICE }, Buffer.from(`${place.ifname}\0`));
    if (family === 6) setSocketOption(fd, { level: IPPROTO_IPV6, name: IPV6_V6ONLY }, one());
    bindSocket(fd, socketAddress(place));
    return fd;
  } catch (fault) {
    closeSync(fd);
    throw fault;
  }
};

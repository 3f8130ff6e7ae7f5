import { closeSync } from 'node:fs';
import { openSocket, sendTo } from '../netlink/libc.js';

// include/linux/socket.h, include/linux/net.h
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/** Sends whole Ethernet frames by interfaces of this network namespace. */
export type LinkSender = {
  /** Throws Fault when the frame is not taken: the interface is gone or down. */
  readonly send: (ifindex: number, frame: Buffer) => void;
  readonly close: () => void;
};

/** Opens a packet socket (packet(7)) that only sends: of no protocol, so it hears nothing. Throws Fault. */
export const openLinkSender = (): LinkSender => {
  const fd = openSocket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return {
    send: (ifindex, frame) => {
      const address = Buffer.alloc(20); // struct sockaddr_ll
      address.writeUInt16LE(AF_PACKET, 0);
      address.writeInt32LE(ifindex, 4);
      sendTo(fd, frame, address);
    },
    close: () => {
      closeSync(fd);
    },
  };
};

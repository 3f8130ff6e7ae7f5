import { readSync, writeSync } from 'node:fs';
import {
  decodeMessages,
  decodeVerdict,
  encodeMessage,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from '../netlink/message.js';

// include/uapi/linux/netfilter/nfnetlink.h
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
export const NFNL_SUBSYS_NFTABLES = 10;
const FAMILIES: Readonly<Record<string, number>> = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 };
const RECEIVE_BYTES = 1 << 16;

/** The size of `struct nfgenmsg`, which is before the attributes of an answer. */
export const GENMSG_BYTES = 4;

/** The header of a message to nftables about a table of this family. */
export const familyHeader = (family: string): Buffer => nfgenmsg(FAMILIES[family] ?? 0, 0);

/**
 * Has the requests done as one transaction, by a netlink socket to netfilter that does not block (libnftables' own is such a one) and on which
 * nobody else is waiting: whether they were. A refused one undoes them all.
 */
export const transact = (fd: number, requests: readonly NetlinkRequest[]): boolean => {
  const frame = { flags: NLM_F_REQUEST, payload: nfgenmsg(0, NFNL_SUBSYS_NFTABLES) };
  const messages = [
    encodeMessage({ ...frame, type: NFNL_MSG_BATCH_BEGIN }, 1),
    ...requests.map((request, index) => encodeMessage({ ...request, flags: request.flags | NLM_F_REQUEST | NLM_F_ACK }, index + 2)),
    encodeMessage({ ...frame, type: NFNL_MSG_BATCH_END }, requests.length + 2),
  ];
  writeSync(fd, Buffer.concat(messages));
  return verdicts(fd, requests.length);
};

/** The one answer to a request, null when it is refused. `decode` gets a view that is valid during the call. */
export const ask = <T>(fd: number, request: NetlinkRequest, decode: (payload: Buffer) => T): T | null => {
  writeSync(fd, encodeMessage({ ...request, flags: request.flags | NLM_F_REQUEST }, 1));
  const bytes = read(fd);
  const [answer] = bytes === null ? [] : decodeMessages(bytes);
  return answer === undefined || answer.type === NLMSG_ERROR ? null : decode(answer.payload);
};

/** Whether so many are told to be done; the kernel has answered by now, so that nothing is waited for. What is left of the answers is nobody's. */
const verdicts = (fd: number, count: number): boolean => {
  let done = 0;
  let isRefused = false;
  for (let bytes = read(fd); bytes !== null; bytes = done === count ? null : read(fd)) {
    for (const message of decodeMessages(bytes)) {
      if (message.type !== NLMSG_ERROR) continue;
      if (decodeVerdict(message).errno === 0) done += 1;
      else isRefused = true;
    }
  }
  return !isRefused && done === count;
};

/** The next datagram; null when there is none. */
const read = (fd: number): Buffer | null => {
  const buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  try {
    return buffer.subarray(0, readSync(fd, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
    throw error;
  }
};

/** struct nfgenmsg: family, version 0, and a number in network order. */
const nfgenmsg = (family: number, resource: number): Buffer => Buffer.from([family, 0, resource >> 8, resource & 0xff]);

import { readSync, writeSync } from 'node:fs';
import { faultOfErrno } from '../errno.js';
import { Fault } from '../fault.js';
import { type Attribute, decodeAttributes, encodeAttributes, readCString } from './attribute.js';
import { decodeMessages, decodeVerdict, encodeMessage, NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR } from './message.js';
import { type NetlinkWatch, watchNetlink } from './netlink-events.js';
import { NETLINK_NETFILTER } from './netlink-socket.js';

// include/uapi/linux/netfilter/nfnetlink.h and nfnetlink_log.h; numbers in network order.
const NFULNL_MSG_PACKET = 0x0400; // NFNL_SUBSYS_ULOG << 8
const NFULNL_MSG_CONFIG = 0x0401;
const NFGENMSG = 4;
const NFULA_PACKET_HDR = 1;
const NFULA_IFINDEX_INDEV = 4;
const NFULA_IFINDEX_OUTDEV = 5;
const NFULA_HWADDR = 8;
const NFULA_PAYLOAD = 9;
const NFULA_PREFIX = 10;
const WANTED = new Set([NFULA_PACKET_HDR, NFULA_IFINDEX_INDEV, NFULA_IFINDEX_OUTDEV, NFULA_HWADDR, NFULA_PAYLOAD, NFULA_PREFIX]);
const NFULA_CFG_CMD = 1;
const NFULNL_CFG_CMD_BIND = 1;
const NFULA_CFG_MODE = 2;
const NFULNL_COPY_PACKET = 2;
const NFULA_CFG_TIMEOUT = 4;
const NFULA_CFG_QTHRESH = 5;
const EPERM = 1;
const MAC_BYTES = 6;

/** A packet that a rule logged, as far as the kernel says; `bytes` is a view that is valid during the call. */
export type LoggedPacket = {
  /** EtherType of what `bytes` begin with: 0x0800, 0x0806, 0x86dd, or another. */
  readonly etherType: number;
  /** Interfaces that it came by, and is to leave by; null for none. */
  readonly inIndex: number | null;
  readonly outIndex: number | null;
  /** The sender's MAC, six bytes; null where it has none. */
  readonly mac: Buffer | null;
  /** The prefix that the rule gives, '' for none. */
  readonly prefix: string;
  /** From the network header on, no more than was asked for. Whatever a guest wrote. */
  readonly bytes: Buffer;
};

/** What is listened to. */
export type LogGroup = {
  readonly group: number;
  /** The most of a packet that is copied. */
  readonly copiedBytes: number;
  /** How many packets may wait for each other, and for how long: 1 tells each at once. */
  readonly batch: number;
  readonly batchMs: number;
};

/** What a listener is told. */
export type LogListener = {
  readonly onPacket: (packet: LoggedPacket) => void;
  /** The socket was full: some were not told. */
  readonly onLost: () => void;
};

/**
 * Hears what rules log to a group (`log group N`), in the network namespace that the process is in, until `close`. What is logged while nobody
 * listens is gone. Throws Fault when it cannot begin: `busy` where another program has the group.
 */
export const watchLogGroup = (log: LogGroup, listener: LogListener): NetlinkWatch =>
  watchNetlink(
    { protocol: NETLINK_NETFILTER, groups: [], prepare: (fd) => bindGroup(fd, log) },
    {
      onLost: listener.onLost,
      onMessages: (messages) => {
        for (const { type, payload } of messages) {
          const packet = type === NFULNL_MSG_PACKET ? decodeLogged(payload) : null;
          if (packet !== null) listener.onPacket(packet);
        }
      },
    },
  );

/** Reads one message of a logged packet; null for one without a packet. */
export const decodeLogged = (payload: Buffer): LoggedPacket | null => {
  const attributes = decodeAttributes(payload.subarray(NFGENMSG), WANTED);
  const [header, bytes] = [attributes.get(NFULA_PACKET_HDR), attributes.get(NFULA_PAYLOAD)];
  if (header === undefined || header.length < 2 || bytes === undefined) return null;
  const index = (type: number): number | null => {
    const value = attributes.get(type);
    return value === undefined || value.length < 4 ? null : value.readUInt32BE(0);
  };
  const prefix = attributes.get(NFULA_PREFIX);
  return {
    etherType: header.readUInt16BE(0),
    inIndex: index(NFULA_IFINDEX_INDEV),
    outIndex: index(NFULA_IFINDEX_OUTDEV),
    mac: macOf(attributes.get(NFULA_HWADDR)),
    prefix: prefix === undefined ? '' : readCString(prefix),
    bytes,
  };
};

/** struct nfulnl_msg_packet_hw: a length, two bytes of padding, eight of address. */
const macOf = (address: Buffer | undefined): Buffer | null =>
  address === undefined || address.length < 4 + MAC_BYTES || address.readUInt16BE(0) !== MAC_BYTES
    ? null
    : address.subarray(4, 4 + MAC_BYTES);

/** Makes the group ours. Without a word about it the kernel lets a hundred packets wait for each other. */
const bindGroup = (fd: number, { group, copiedBytes, batch, batchMs }: LogGroup): void => {
  const mode = Buffer.alloc(6);
  mode.writeUInt32BE(copiedBytes, 0);
  mode.writeUInt8(NFULNL_COPY_PACKET, 4);
  configure(fd, group, [{ type: NFULA_CFG_CMD, value: Buffer.from([NFULNL_CFG_CMD_BIND]) }]);
  configure(fd, group, [
    { type: NFULA_CFG_MODE, value: mode },
    number32(NFULA_CFG_QTHRESH, batch),
    // In hundredths of a second; 0 would wait for ever.
    number32(NFULA_CFG_TIMEOUT, Math.max(1, Math.round(batchMs / 10))),
  ]);
};

const number32 = (type: number, value: number): Attribute => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return { type, value: bytes };
};

/** Asks and takes the answer, which is there when the send is done; packets that come first are read and dropped. */
const configure = (fd: number, group: number, attributes: readonly Attribute[]): void => {
  const payload = Buffer.concat([Buffer.from([0, 0, group >> 8, group & 0xff]), encodeAttributes(attributes)]);
  writeSync(fd, encodeMessage({ type: NFULNL_MSG_CONFIG, flags: NLM_F_REQUEST | NLM_F_ACK, payload }, 1));
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (;;) {
    const answer = decodeMessages(buffer.subarray(0, readSync(fd, buffer))).find(({ type }) => type === NLMSG_ERROR);
    if (answer === undefined) continue;
    const { errno, message } = decodeVerdict(answer);
    const subject = `netlink log group ${group}`;
    // The kernel's word for a group that another socket has (nfulnl_recv_config); rights are looked at before.
    if (errno === EPERM) throw new Fault({ code: 'busy', op: 'listen to', subject, detail: 'another program listens to it', errno });
    if (errno !== 0) throw faultOfErrno('listen to', subject, { errno, message });
    return;
  }
};

import { readSync, writeSync } from 'node:fs';
import type { Ip } from '@manx/ip';
import { CLAIM_LOG_GROUP } from '@manx/render';
import { faultOfErrno } from '../errno.js';
import { Fault } from '../fault.js';
import { type Attribute, decodeAttributes, encodeAttributes } from '../netlink/attribute.js';
import { decodeMessages, decodeVerdict, encodeMessage, NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR } from '../netlink/message.js';
import { type NetlinkWatch, watchNetlink } from '../netlink/netlink-events.js';
import { NETLINK_NETFILTER } from '../netlink/netlink-socket.js';
import { parseAnnouncement } from './parse-announcement.js';

// include/uapi/linux/netfilter/nfnetlink.h and nfnetlink_log.h; numbers in network order.
const NFULNL_MSG_PACKET = 0x0400; // NFNL_SUBSYS_ULOG << 8
const NFULNL_MSG_CONFIG = 0x0401;
const NFGENMSG = 4;
const NFULA_PACKET_HDR = 1;
const NFULA_IFINDEX_INDEV = 4;
const NFULA_PAYLOAD = 9;
const WANTED = new Set([NFULA_PACKET_HDR, NFULA_IFINDEX_INDEV, NFULA_PAYLOAD]);
const NFULA_CFG_CMD = 1;
const NFULNL_CFG_CMD_BIND = 1;
const NFULA_CFG_MODE = 2;
const NFULNL_COPY_PACKET = 2;
const NFULA_CFG_QTHRESH = 5;
const EPERM = 1;
/** Enough of a packet to tell what it announces. */
const COPIED_BYTES = 128;

/** An instance has announced an address as its own: at a tap, from where the source checks let it. */
export type Announcement = { readonly ifindex: number; readonly ip: Ip };

/**
 * Hears what the rules of `CLAIM_CHAINS_*` log, each packet at once, until `close`. What is logged while nobody listens is gone. Throws Fault
 * when it cannot begin: `busy` where another program has the log group.
 */
export const watchAnnouncements = (onAnnouncement: (announcement: Announcement) => void): NetlinkWatch =>
  watchNetlink(
    { protocol: NETLINK_NETFILTER, groups: [], prepare: bindGroup },
    {
      // A flood beyond what rules let pass and the socket holds: whoever announces does it again.
      onLost: () => undefined,
      onMessages: (messages) => {
        for (const { type, payload } of messages) {
          const announcement = type === NFULNL_MSG_PACKET ? decodePacket(payload) : null;
          if (announcement !== null) onAnnouncement(announcement);
        }
      },
    },
  );

const decodePacket = (payload: Buffer): Announcement | null => {
  const attributes = decodeAttributes(payload.subarray(NFGENMSG), WANTED);
  const [header, index, packet] = [NFULA_PACKET_HDR, NFULA_IFINDEX_INDEV, NFULA_PAYLOAD].map((type) => attributes.get(type));
  if (header === undefined || index === undefined || packet === undefined) return null;
  const ip = parseAnnouncement(header.readUInt16BE(0), packet);
  return ip === null ? null : { ifindex: index.readUInt32BE(0), ip };
};

/** Makes the group ours: the start of each packet, and no waiting for a hundred of them, which is the kernel's preset. */
const bindGroup = (fd: number): void => {
  const mode = Buffer.alloc(6);
  mode.writeUInt32BE(COPIED_BYTES, 0);
  mode.writeUInt8(NFULNL_COPY_PACKET, 4);
  const one = Buffer.from([0, 0, 0, 1]);
  configure(fd, [{ type: NFULA_CFG_CMD, value: Buffer.from([NFULNL_CFG_CMD_BIND]) }]);
  configure(fd, [
    { type: NFULA_CFG_MODE, value: mode },
    { type: NFULA_CFG_QTHRESH, value: one },
  ]);
};

/** Asks and takes the answer, which is there when the send is done; packets that come first are read and dropped. */
const configure = (fd: number, attributes: readonly Attribute[]): void => {
  const group = Buffer.from([0, 0, CLAIM_LOG_GROUP >> 8, CLAIM_LOG_GROUP & 0xff]);
  const payload = Buffer.concat([group, encodeAttributes(attributes)]);
  writeSync(fd, encodeMessage({ type: NFULNL_MSG_CONFIG, flags: NLM_F_REQUEST | NLM_F_ACK, payload }, 1));
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (;;) {
    const answer = decodeMessages(buffer.subarray(0, readSync(fd, buffer))).find(({ type }) => type === NLMSG_ERROR);
    if (answer === undefined) continue;
    const { errno, message } = decodeVerdict(answer);
    const subject = `netlink log group ${CLAIM_LOG_GROUP}`;
    // The kernel's word for a group that another socket has (nfulnl_recv_config); rights are looked at before.
    if (errno === EPERM) throw new Fault({ code: 'busy', op: 'listen to', subject, detail: 'another program listens to it', errno });
    if (errno !== 0) throw faultOfErrno('listen to', subject, { errno, message });
    return;
  }
};

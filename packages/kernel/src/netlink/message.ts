import { align4, decodeAttributes, readCString } from './attribute.js';

const HEADER = 16;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

/** A request before it has a place in a conversation. */
export type NetlinkRequest = { readonly type: number; readonly flags: number; readonly payload: Buffer };

/** One message as it arrived. */
export type NetlinkMessage = NetlinkRequest & { readonly seq: number; readonly pid: number };

/** What the kernel answered to a request: 0 for done, else a positive errno and perhaps its words (extended ACK). */
export type NetlinkVerdict = { readonly errno: number; readonly message: string | null };

/** A message with its header (struct nlmsghdr, include/uapi/linux/netlink.h; the kernel fills in the port id), padded to four bytes. */
export const encodeMessage = (request: NetlinkRequest, seq: number): Buffer => {
  const length = HEADER + request.payload.length;
  const out = Buffer.alloc(align4(length));
  out.writeUInt32LE(length, 0);
  out.writeUInt16LE(request.type, 4);
  out.writeUInt16LE(request.flags, 6);
  out.writeUInt32LE(seq, 8);
  request.payload.copy(out, HEADER);
  return out;
};

/** The messages of one datagram, in order; payloads are views into `bytes`. A message that is cut short ends the list. */
export const decodeMessages = (bytes: Buffer): readonly NetlinkMessage[] => {
  const messages: NetlinkMessage[] = [];
  let offset = 0;
  while (offset + HEADER <= bytes.length) {
    const length = bytes.readUInt32LE(offset);
    if (length < HEADER || offset + length > bytes.length) break;
    messages.push({
      type: bytes.readUInt16LE(offset + 4),
      flags: bytes.readUInt16LE(offset + 6),
      seq: bytes.readUInt32LE(offset + 8),
      pid: bytes.readUInt32LE(offset + 12),
      payload: bytes.subarray(offset + HEADER, offset + length),
    });
    offset += align4(length);
  }
  return messages;
};

/** Reads an ACK or error, or the end of a dump (struct nlmsgerr; NLMSG_DONE carries just the number). */
export const decodeVerdict = (message: NetlinkMessage): NetlinkVerdict => {
  const { payload } = message;
  const errno = payload.length >= 4 ? -payload.readInt32LE(0) : 0;
  if (message.type === NLMSG_DONE || (message.flags & NLM_F_ACK_TLVS) === 0 || payload.length < 4 + HEADER) {
    return { errno: errno === 0 ? 0 : errno, message: null };
  }
  const original = (message.flags & NLM_F_CAPPED) === 0 ? payload.readUInt32LE(4) : HEADER;
  const text = decodeAttributes(payload.subarray(4 + align4(original))).get(NLMSGERR_ATTR_MSG);
  return { errno: errno === 0 ? 0 : errno, message: text === undefined ? null : readCString(text) };
};

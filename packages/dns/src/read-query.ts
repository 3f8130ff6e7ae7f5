import { FLAG, HEADER_BYTES, RCODE, type Rcode, TYPE, UDP_BYTES } from './wire.js';

/** One question, as it was asked. */
export type Query = {
  readonly id: number;
  /** Of the asker's flags those that mean something beyond this host: recursion desired, checking disabled. */
  readonly flags: number;
  /** The question section's bytes: answers repeat them as they are, odd letters included. */
  readonly question: Buffer;
  /** The name in lower case without the dot at the end, empty for the root; null for one with labels that no host name has. */
  readonly name: string | null;
  readonly type: number;
  readonly class: number;
  /** EDNS (RFC 6891): the most bytes that the asker takes over UDP, 512 at least, and whether it wants DNSSEC records. Null: it does not speak it. */
  readonly edns: { readonly bytes: number; readonly isDnssec: boolean } | null;
};

/** What is answered to a message that is no question that is answered here; `query` as far as it could be read. */
export type Complaint = { readonly rcode: Rcode; readonly id: number; readonly flags: number; readonly query: Query | null };

const KEPT_FLAGS = FLAG.recursionDesired | FLAG.checkingDisabled;
const NAME_BYTES = 255;
/** Owner (the root), type, class, TTL, length. */
const OPT_BYTES = 11;
const DNSSEC_OK = 0x80_00;
const LABEL = /^[a-z0-9_-]+$/;

/**
 * Reads what a guest sent (RFC 1035, section 4): exactly one question, with an OPT record or nothing behind it. Never throws. Null: not to be
 * answered at all, since it is no query: answers to answers never end.
 */
export function readQuery(message: Buffer): Query | Complaint | null {
  if (message.length < HEADER_BYTES) return null;
  const id = message.readUInt16BE(0);
  const flags = message.readUInt16BE(2);
  if ((flags & FLAG.response) !== 0) return null;
  const complain = (rcode: Rcode, query: Query | null = null): Complaint => ({ rcode, id, flags: flags & KEPT_FLAGS, query });
  if ((flags & FLAG.opcode) !== 0) return complain(RCODE.notImplemented);
  const counts = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  const [questions, answers, authorities, additional = 0] = counts;
  if (questions !== 1 || answers !== 0 || authorities !== 0 || additional > 1) return complain(RCODE.formatError);
  const name = readName(message, HEADER_BYTES);
  if (name === null || message.length < name.end + 4) return complain(RCODE.formatError);
  const end = name.end + 4;
  const edns = additional === 0 ? null : readOpt(message, end);
  if (edns === undefined || (edns === null && message.length !== end)) return complain(RCODE.formatError);
  const query: Query = {
    id,
    flags: flags & KEPT_FLAGS,
    question: message.subarray(HEADER_BYTES, end),
    name: name.text,
    type: message.readUInt16BE(name.end),
    class: message.readUInt16BE(name.end + 2),
    edns,
  };
  return edns !== null && edns.version !== 0 ? complain(RCODE.badVersion, query) : query;
}

/** A name without pointers, which a question cannot have; null when it is none. `end` is the position behind it. */
function readName(message: Buffer, start: number): { readonly text: string | null; readonly end: number } | null {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63 || at + 1 + length > message.length || at + 1 + length - start > NAME_BYTES) return null;
    if (length === 0) break;
    labels.push(message.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { text: labels.every((label) => LABEL.test(label)) ? labels.join('.') : null, end: at + 1 };
}

/** An OPT record that ends the message; undefined when it is none, or something else follows. */
function readOpt(message: Buffer, at: number): { bytes: number; isDnssec: boolean; version: number } | undefined {
  if (message.length < at + OPT_BYTES || message[at] !== 0 || message.readUInt16BE(at + 1) !== TYPE.opt) return undefined;
  if (message.length !== at + OPT_BYTES + message.readUInt16BE(at + 9)) return undefined;
  return {
    bytes: Math.max(UDP_BYTES, message.readUInt16BE(at + 3)),
    isDnssec: (message.readUInt16BE(at + 7) & DNSSEC_OK) !== 0,
    version: message.readUInt8(at + 6),
  };
}

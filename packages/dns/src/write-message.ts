import { familyOf, type Ip, ipValue } from '@manx/ip';
import type { Complaint, Query } from './read-query.js';
import { CLASS, EDNS_BYTES, FLAG, HEADER_BYTES, RCODE, type Rcode, TYPE, UDP_BYTES } from './wire.js';

/** What a question is answered with: an address, or a name. */
export type Answer = { readonly kind: 'address'; readonly ip: Ip } | { readonly kind: 'name'; readonly fqdn: string };

/** An answer of this host. */
export type Reply = {
  readonly rcode: Rcode;
  readonly answers: readonly Answer[];
  /** Whether the host itself knows this best. */
  readonly isAuthoritative: boolean;
};

/** Where answers point to for their owner: the question's name, which always begins there (RFC 1035, section 4.1.4). */
const QUESTION_POINTER = 0xc0_00 | HEADER_BYTES;
/** Nobody keeps these answers: the next one is as near, and a change is to be seen at once. */
const TTL_S = 0;
const DNSSEC_OK = 0x80_00;

/** How many bytes of an answer this asker takes over UDP. */
export const udpLimit = ({ edns }: Pick<Query, 'edns'>): number => (edns === null ? UDP_BYTES : Math.min(edns.bytes, EDNS_BYTES));

/** An answer as a message of at most `limit` bytes; of one that is longer only the header and the question, so that it is asked for by TCP. */
export function writeReply(
  query: Query,
  reply: Reply,
  { limit, canRecurse }: { readonly limit: number; readonly canRecurse: boolean },
): Buffer {
  const flags =
    FLAG.response |
    query.flags |
    (reply.isAuthoritative ? FLAG.authoritative : 0) |
    (canRecurse ? FLAG.recursionAvailable : 0) |
    (reply.rcode & 0xf);
  const opt = query.edns === null ? [] : [optRecord({ bytes: EDNS_BYTES, isDnssec: false, rcode: reply.rcode })];
  const answers = reply.answers.map(record);
  const whole = message(query.id, flags, { question: query.question, answers, opt });
  return whole.length <= limit ? whole : message(query.id, flags | FLAG.truncated, { question: query.question, answers: [], opt });
}

/** The answer to a message that is no question that is answered here. */
export function writeComplaint({ rcode, id, flags, query }: Complaint): Buffer {
  if (query !== null) return writeReply(query, { rcode, answers: [], isAuthoritative: false }, { limit: UDP_BYTES, canRecurse: false });
  return message(id, FLAG.response | flags | rcode, { question: null, answers: [], opt: [] });
}

/** The question anew, for a forwarder: under another id, and without anything else that the asker sent along. */
export function writeForwarded(query: Query, id: number): Buffer {
  const opt = query.edns === null ? [] : [optRecord({ bytes: udpLimit(query), isDnssec: query.edns.isDnssec, rcode: RCODE.noError })];
  return message(id, query.flags, { question: query.question, answers: [], opt });
}

/** An answer of a forwarder as the asker gets it: under its own id, cut as `writeReply` does. */
export function handOn(query: Query, answer: Buffer, limit: number): Buffer {
  if (answer.length > limit) {
    const flags = (answer.readUInt16BE(2) & ~FLAG.authoritative) | FLAG.truncated;
    return message(query.id, flags, { question: query.question, answers: [], opt: [] });
  }
  const copy = Buffer.from(answer);
  copy.writeUInt16BE(query.id, 0);
  return copy;
}

type Parts = { readonly question: Buffer | null; readonly answers: readonly Buffer[]; readonly opt: readonly Buffer[] };

function message(id: number, flags: number, { question, answers, opt }: Parts): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  for (const [index, value] of [id, flags, question === null ? 0 : 1, answers.length, 0, opt.length].entries())
    header.writeUInt16BE(value, index * 2);
  return Buffer.concat([header, question ?? Buffer.alloc(0), ...answers, ...opt]);
}

function record(answer: Answer): Buffer {
  const [type, data] =
    answer.kind === 'name' ? [TYPE.ptr, nameBytes(answer.fqdn)] : [familyOf(answer.ip) === 4 ? TYPE.a : TYPE.aaaa, addressBytes(answer.ip)];
  const head = Buffer.alloc(12);
  head.writeUInt16BE(QUESTION_POINTER, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(CLASS.in, 4);
  head.writeUInt32BE(TTL_S, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function optRecord({ bytes, isDnssec, rcode }: { readonly bytes: number; readonly isDnssec: boolean; readonly rcode: Rcode }): Buffer {
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(TYPE.opt, 1);
  opt.writeUInt16BE(bytes, 3);
  opt.writeUInt8(rcode >> 4, 5);
  opt.writeUInt16BE(isDnssec ? DNSSEC_OK : 0, 7);
  return opt;
}

function nameBytes(fqdn: string): Buffer {
  return Buffer.concat([
    ...fqdn.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.alloc(1),
  ]);
}

/** Network order, 4 or 16 bytes. */
function addressBytes(ip: Ip): Buffer {
  return Buffer.from(
    ipValue(ip)
      .toString(16)
      .padStart(familyOf(ip) === 4 ? 8 : 32, '0'),
    'hex',
  );
}

import type { EstablishedFlow, Flow } from '@manx/hoststate';
import type { Family, Ip } from '@manx/ip';
import { PICKED_UP_MARK } from '@manx/render';
import { decodeAttributes, encodeAttributes, nested, u32 } from '../netlink/attribute.js';
import { AF_OF_FAMILY, ipBytes, ipFromBytes } from '../netlink/ip-bytes.js';
import type { NetlinkRequest } from '../netlink/message.js';
import type { TrackedFlow } from './conntrack.js';

// include/uapi/linux/netfilter/nfnetlink_conntrack.h; NFNL_SUBSYS_CTNETLINK is 1
export const IPCTNL_MSG_CT_GET = (1 << 8) | 1;
const IPCTNL_MSG_CT_DELETE = (1 << 8) | 2;
export const IPCTNL_MSG_CT_GET_STATS = (1 << 8) | 5;
const CTA_STATS_GLOBAL_ENTRIES = 1;
const AF_UNSPEC = 0;
const NFGENMSG = 4;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_MARK = 8;
const CTA_ID = 12;
const CTA_ZONE = 18;
const CTA_FILTER = 25;
const CTA_FILTER_ORIG_FLAGS = 1;
const CTA_FILTER_REPLY_FLAGS = 2;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP = { source: { 4: 1, 6: 3 }, destination: { 4: 2, 6: 4 } } as const;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
/** Attributes of id, type and code, by protocol number. */
const CTA_PROTO_ICMP: Readonly<Record<number, readonly [number, number, number]>> = { 1: [4, 5, 6], 58: [7, 8, 9] };
/** CTA_FILTER_F_CTA_IP_SRC and _DST (net/netfilter/nf_internals.h). */
const FILTER_FLAG = { source: 1, destination: 2 } as const;

/** Payload that asks for all flows of a family, or of both (AF_UNSPEC). */
export const encodeFlowDump = (family: Family | 'both'): Buffer =>
  Buffer.from([family === 'both' ? AF_UNSPEC : AF_OF_FAMILY[family], 0, 0, 0]);

/** Payload that asks how many flows there are. */
export const encodeFlowCount = (): Buffer => Buffer.alloc(NFGENMSG);

/** Reads how many flows there are; null for a message without the number. */
export const decodeFlowCount = (payload: Buffer): number | null =>
  decodeAttributes(payload.subarray(NFGENMSG)).get(CTA_STATS_GLOBAL_ENTRIES)?.readUInt32BE(0) ?? null;

/**
 * Payload that asks for the flows whose first packet has this source or destination; the kernel (5.8 and later) filters. Of IPv4 only:
 * for IPv6 addresses kernels up to 6.18 at least list just the flows that do not match (`ipv6_addr_cmp` taken for a test of equality).
 */
export const encodeIpv4FlowDump = (ip: Ip, side: 'source' | 'destination'): Buffer => {
  const header = encodeFlowDump(4);
  const address = { type: CTA_IP[side][4], value: ipBytes(ip) };
  const filter = [u32(CTA_FILTER_ORIG_FLAGS, FILTER_FLAG[side]), u32(CTA_FILTER_REPLY_FLAGS, 0)];
  return Buffer.concat([header, encodeAttributes([nested(CTA_TUPLE_ORIG, [nested(CTA_TUPLE_IP, [address])]), nested(CTA_FILTER, filter)])]);
};

/** Reads one tracked flow; null for what has no IP tuple. */
export const decodeFlow = (payload: Buffer): TrackedFlow | null => {
  if (payload.length < NFGENMSG) return null;
  const attributes = decodeAttributes(payload.subarray(NFGENMSG));
  const tuple = attributes.get(CTA_TUPLE_ORIG);
  if (tuple === undefined) return null;
  const begun = decodeTuple(tuple);
  const answers = decodeTuple(attributes.get(CTA_TUPLE_REPLY) ?? Buffer.alloc(0));
  if (begun === null || answers === null) return null;
  const isPickedUp = attributes.get(CTA_MARK)?.readUInt32BE(0) === PICKED_UP_MARK;
  const flow: EstablishedFlow = {
    ...begun,
    answers: { source: answers.source, destination: answers.destination },
    ...(isPickedUp ? { isPickedUp } : {}),
  };
  const handle = [nestedBytes(CTA_TUPLE_ORIG, tuple), ...kept(attributes, CTA_ID), ...kept(attributes, CTA_ZONE)];
  return { flow, handle: { af: payload.readUInt8(0), attributes: encodeAttributes(handle) } };
};

/** Deletes exactly one flow: its id is sent along, so that a new flow with the same ports is left alone. */
export const encodeFlowDelete = ({ handle }: TrackedFlow): NetlinkRequest => {
  const header = Buffer.alloc(NFGENMSG);
  header.writeUInt8(handle.af, 0);
  return { type: IPCTNL_MSG_CT_DELETE, flags: 0, payload: Buffer.concat([header, handle.attributes]) };
};

const nestedBytes = (type: number, value: Buffer): { type: number; value: Buffer } => ({ type: type | 0x8000, value });

const kept = (attributes: ReadonlyMap<number, Buffer>, type: number): readonly { type: number; value: Buffer }[] => {
  const value = attributes.get(type);
  return value === undefined ? [] : [{ type, value }];
};

const decodeTuple = (tuple: Buffer): Flow | null => {
  const parts = decodeAttributes(tuple);
  const addresses = decodeAttributes(parts.get(CTA_TUPLE_IP) ?? Buffer.alloc(0));
  const proto = decodeAttributes(parts.get(CTA_TUPLE_PROTO) ?? Buffer.alloc(0));
  const address = (side: 'source' | 'destination'): Ip | null => {
    const bytes = addresses.get(CTA_IP[side][4]) ?? addresses.get(CTA_IP[side][6]);
    return bytes === undefined ? null : ipFromBytes(bytes);
  };
  const source = address('source');
  const destination = address('destination');
  const protocol = proto.get(CTA_PROTO_NUM)?.readUInt8(0);
  if (source === null || destination === null || protocol === undefined) return null;
  return {
    protocol,
    source,
    destination,
    sport: proto.get(CTA_PROTO_SRC_PORT)?.readUInt16BE(0) ?? null,
    dport: proto.get(CTA_PROTO_DST_PORT)?.readUInt16BE(0) ?? null,
    icmp: decodeIcmp(protocol, proto),
  };
};

const decodeIcmp = (protocol: number, proto: ReadonlyMap<number, Buffer>): Flow['icmp'] => {
  const [idAt, typeAt, codeAt] = CTA_PROTO_ICMP[protocol] ?? [];
  if (idAt === undefined || typeAt === undefined || codeAt === undefined) return null;
  const id = proto.get(idAt)?.readUInt16BE(0);
  const type = proto.get(typeAt)?.readUInt8(0);
  const code = proto.get(codeAt)?.readUInt8(0);
  return id === undefined || type === undefined || code === undefined ? null : { id, type, code };
};

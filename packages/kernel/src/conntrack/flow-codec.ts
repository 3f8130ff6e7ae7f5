import type { EstablishedFlow, Flow } from '@manx/hoststate';
import type { Family, Ip } from '@manx/ip';
import { PICKED_UP_MARK } from '@manx/render';
import { type Attribute, decodeAttributes, encodeAttributes, NLA_F_NESTED, nested, u32 } from '../netlink/attribute.js';
import { AF_OF_FAMILY, familyOfAf, ipBytes, ipFromBytes } from '../netlink/ip-bytes.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_EXCL } from '../netlink/message.js';
import type { CarriedFlow, TrackedFlow } from './conntrack.js';

// include/uapi/linux/netfilter/nfnetlink_conntrack.h; NFNL_SUBSYS_CTNETLINK is 1
const IPCTNL_MSG_CT_NEW = 1 << 8;
export const IPCTNL_MSG_CT_GET = (1 << 8) | 1;
const IPCTNL_MSG_CT_DELETE = (1 << 8) | 2;
export const IPCTNL_MSG_CT_GET_STATS = (1 << 8) | 5;
const CTA_STATS_GLOBAL_ENTRIES = 1;
const AF_UNSPEC = 0;
const NFGENMSG = 4;
const NLA_HEADER = 4;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_TIMEOUT = 7;
const CTA_MARK = 8;
const CTA_ID = 12;
const CTA_NAT_DST = 13;
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
// Within CTA_NAT_DST, CTA_NAT_PROTO and CTA_PROTOINFO
const CTA_NAT_V4_MINIP = 1;
const CTA_NAT_PROTO = 3;
const CTA_PROTONAT_PORT_MIN = 1;
const CTA_PROTONAT_PORT_MAX = 2;
const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;
const CTA_PROTOINFO_TCP_FLAGS_ORIGINAL = 4;
const CTA_PROTOINFO_TCP_FLAGS_REPLY = 5;
/** IPS_SEEN_REPLY, IPS_ASSURED and IPS_CONFIRMED (include/uapi/linux/netfilter/nf_conntrack_common.h). */
const [IPS_SEEN_REPLY, IPS_ASSURED, IPS_CONFIRMED] = [2, 4, 8] as const;
/** TCP_CONNTRACK_ESTABLISHED, IP_CT_TCP_FLAG_SACK_PERM and IP_CT_TCP_FLAG_BE_LIBERAL (include/uapi/linux/netfilter/nf_conntrack_tcp.h). */
const TCP_ESTABLISHED = 3;
/** Struct nf_ct_tcp_flags: the flags, and which of them are meant. The window is unknown, as of a connection that is picked up. */
const LIBERAL = Buffer.from([0x0a, 0x0a]);
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

/** Addresses, by which flows are told apart before they are read. */
export type FlowEnds = ReadonlySet<string>;

/** Addresses as the kernel writes them. */
export const flowEnds = (ips: Iterable<Ip>): FlowEnds => new Set([...ips].map((ip) => ipBytes(ip).toString('latin1')));

/**
 * Whether a flow may have its first packet's source or destination among these, by the bytes at the place where kernels put them (`ctnetlink_fill_info`:
 * the original tuple first, its addresses first in that). What is laid out otherwise may. To read a flow costs many times as much.
 */
export const mayHaveEnd = (payload: Buffer, ends: FlowEnds): boolean => {
  const family = familyOfAf(payload.readUInt8(0));
  const size = family === 6 ? 16 : 4;
  const [source, destination] = [NFGENMSG + 3 * NLA_HEADER, NFGENMSG + 4 * NLA_HEADER + size];
  if (family === null || payload.length < destination + size) return true;
  const isType = (at: number, type: number): boolean => (payload.readUInt16LE(at - 2) & 0x3fff) === type;
  const isUsual =
    isType(source - 2 * NLA_HEADER, CTA_TUPLE_ORIG) &&
    isType(source - NLA_HEADER, CTA_TUPLE_IP) &&
    isType(source, CTA_IP.source[family]) &&
    isType(destination, CTA_IP.destination[family]);
  const has = (at: number): boolean => ends.has(payload.toString('latin1', at, at + size));
  return !isUsual || has(source) || has(destination);
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
    ...(isOpen(attributes) ? { isOpen: true } : {}),
  };
  const original = nestedBytes(CTA_TUPLE_ORIG, tuple);
  const handle = [original, ...kept(attributes, CTA_ID), ...kept(attributes, CTA_ZONE)];
  const anew = [original, ...[CTA_TIMEOUT, CTA_MARK, CTA_ZONE].flatMap((type) => kept(attributes, type))];
  const isCarriable = flow.isOpen === true && attributes.has(CTA_TIMEOUT);
  return {
    flow,
    handle: { af: payload.readUInt8(0), attributes: encodeAttributes(handle), anew: isCarriable ? encodeAttributes(anew) : null },
  };
};

const isOpen = (attributes: ReadonlyMap<number, Buffer>): boolean => {
  const info = decodeAttributes(attributes.get(CTA_PROTOINFO) ?? Buffer.alloc(0)).get(CTA_PROTOINFO_TCP) ?? Buffer.alloc(0);
  const isEstablished = decodeAttributes(info).get(CTA_PROTOINFO_TCP_STATE)?.readUInt8(0) === TCP_ESTABLISHED;
  return isEstablished && ((attributes.get(CTA_STATUS)?.readUInt32BE(0) ?? 0) & IPS_SEEN_REPLY) !== 0;
};

/**
 * Makes an open connection anew, translated to a destination; null for what is none. Answers are named as if nothing were translated: the kernel alters
 * them by CTA_NAT_DST (`nf_nat_setup_info`, net/netfilter/nf_nat_core.c).
 */
export const encodeFlowAnew = ({ tracked: { flow, handle }, target }: CarriedFlow): NetlinkRequest | null => {
  const { source, destination, sport, dport, protocol } = flow;
  if (handle.anew === null || sport === null || dport === null) return null;
  const answers = [
    nested(CTA_TUPLE_IP, [
      { type: CTA_IP.source[4], value: ipBytes(destination) },
      { type: CTA_IP.destination[4], value: ipBytes(source) },
    ]),
    nested(CTA_TUPLE_PROTO, [
      { type: CTA_PROTO_NUM, value: Buffer.from([protocol]) },
      { type: CTA_PROTO_SRC_PORT, value: be16(dport) },
      { type: CTA_PROTO_DST_PORT, value: be16(sport) },
    ]),
  ];
  const tcp = [
    { type: CTA_PROTOINFO_TCP_STATE, value: Buffer.from([TCP_ESTABLISHED]) },
    { type: CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, value: LIBERAL },
    { type: CTA_PROTOINFO_TCP_FLAGS_REPLY, value: LIBERAL },
  ];
  const attributes = [
    nested(CTA_TUPLE_REPLY, answers),
    { type: CTA_STATUS, value: be32(IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED) },
    nested(CTA_PROTOINFO, [nested(CTA_PROTOINFO_TCP, tcp)]),
    ...(target.ip === destination && target.port === dport ? [] : [translationTo(target)]),
  ];
  const header = Buffer.alloc(NFGENMSG);
  header.writeUInt8(handle.af, 0);
  const payload = Buffer.concat([header, handle.anew, encodeAttributes(attributes)]);
  return { type: IPCTNL_MSG_CT_NEW, flags: NLM_F_CREATE | NLM_F_EXCL, payload };
};

const translationTo = ({ ip, port }: CarriedFlow['target']): Attribute => {
  const ports = port === null ? [] : [CTA_PROTONAT_PORT_MIN, CTA_PROTONAT_PORT_MAX].map((type) => ({ type, value: be16(port) }));
  return nested(CTA_NAT_DST, [{ type: CTA_NAT_V4_MINIP, value: ipBytes(ip) }, nested(CTA_NAT_PROTO, ports)]);
};

const be16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
};

const be32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Deletes exactly one flow: its id is sent along, so that a new flow with the same ports is left alone. */
export const encodeFlowDelete = ({ handle }: TrackedFlow): NetlinkRequest => {
  const header = Buffer.alloc(NFGENMSG);
  header.writeUInt8(handle.af, 0);
  return { type: IPCTNL_MSG_CT_DELETE, flags: 0, payload: Buffer.concat([header, handle.attributes]) };
};

const nestedBytes = (type: number, value: Buffer): { type: number; value: Buffer } => ({ type: type | NLA_F_NESTED, value });

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

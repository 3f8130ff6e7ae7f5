import { readSeenPacket, type SeenPacket, type TraceHop, type TraceVerdict } from '@manx/hoststate';
import { decodeAttributes, readCString } from '../netlink/attribute.js';

// include/uapi/linux/netfilter/nf_tables.h, enum nft_trace_attributes and nft_trace_types; numbers in network order.
const NFGENMSG = 4;
const NFTA_TRACE_TABLE = 1;
const NFTA_TRACE_CHAIN = 2;
const NFTA_TRACE_RULE_HANDLE = 3;
const NFTA_TRACE_TYPE = 4;
const NFTA_TRACE_VERDICT = 5;
const NFTA_TRACE_ID = 6;
const NFTA_TRACE_NETWORK_HEADER = 8;
const NFTA_TRACE_TRANSPORT_HEADER = 9;
const NFTA_TRACE_IIF = 10;
const NFTA_TRACE_OIF = 12;
const NFTA_TRACE_POLICY = 16;
const NFTA_VERDICT_CODE = 1;
const NFTA_VERDICT_CHAIN = 2;
const KINDS: Readonly<Record<number, TraceHop['kind']>> = { 1: 'policy', 2: 'return', 3: 'rule' };
/** NF_* of include/uapi/linux/netfilter.h, and enum nft_verdicts, which are negative. */
const VERDICTS: Readonly<Record<number, TraceVerdict>> = {
  0: 'drop',
  1: 'accept',
  2: 'stolen',
  3: 'queue',
  4: 'repeat',
  [-1]: 'continue',
  [-2]: 'break',
  [-3]: 'jump',
  [-4]: 'goto',
  [-5]: 'return',
};
/** The family of a table by its number (enum nf_inet_* NFPROTO, include/uapi/linux/netfilter.h). */
const FAMILIES: Readonly<Record<number, string>> = { 1: 'inet', 2: 'ip', 3: 'arp', 5: 'netdev', 7: 'bridge', 10: 'ip6' };
const ETHERTYPES = { 4: 0x0800, 6: 0x86dd } as const;

/** What the kernel tells of one rule that a packet met; interfaces are by index, 0 for none. */
export type TraceEvent = Pick<TraceHop, 'family' | 'table' | 'chain' | 'kind' | 'handle' | 'verdict' | 'target' | 'packet'> & {
  /** The same for one packet all the way through a host; another has it again, later. */
  readonly id: number;
  readonly iif: number;
  readonly oif: number;
};

/** Reads one message of `meta nftrace` (NFT_MSG_TRACE); null for what is cut short, or of a kind that is not known. */
export const decodeTrace = (payload: Buffer): TraceEvent | null => {
  const attributes = decodeAttributes(payload.subarray(NFGENMSG));
  const number = (type: number): number | null => {
    const value = attributes.get(type);
    return value === undefined || value.length < 4 ? null : value.readUInt32BE(0);
  };
  const text = (type: number): string => readCString(attributes.get(type) ?? Buffer.alloc(0));
  const [id, kind] = [number(NFTA_TRACE_ID), KINDS[number(NFTA_TRACE_TYPE) ?? 0]];
  const family = payload.length < NFGENMSG ? undefined : FAMILIES[payload.readUInt8(0)];
  const decided = kind === 'policy' ? policyOf(number(NFTA_TRACE_POLICY)) : verdictOf(attributes.get(NFTA_TRACE_VERDICT));
  if (id === null || kind === undefined || family === undefined || decided === null) return null;
  const handle = handleOf(attributes.get(NFTA_TRACE_RULE_HANDLE));
  return {
    id,
    family,
    table: text(NFTA_TRACE_TABLE),
    chain: text(NFTA_TRACE_CHAIN),
    // The end of a chain's rules is told as one more rule, which has no handle.
    kind: kind === 'rule' && handle === null ? 'return' : kind,
    handle,
    ...decided,
    iif: number(NFTA_TRACE_IIF) ?? 0,
    oif: number(NFTA_TRACE_OIF) ?? 0,
    packet: packetOf(attributes.get(NFTA_TRACE_NETWORK_HEADER), attributes.get(NFTA_TRACE_TRANSPORT_HEADER)),
  };
};

const handleOf = (bytes: Buffer | undefined): number | null =>
  bytes === undefined || bytes.length < 8 ? null : Number(bytes.readBigUInt64BE(0));

type Decided = Pick<TraceEvent, 'verdict' | 'target'>;

const policyOf = (policy: number | null): Decided | null =>
  policy === null ? null : { verdict: policy === 0 ? 'drop' : 'accept', target: null };

const verdictOf = (bytes: Buffer | undefined): Decided | null => {
  // What ends a chain with `return` says no more than that.
  const parts = decodeAttributes(bytes ?? Buffer.alloc(0));
  const code = parts.get(NFTA_VERDICT_CODE);
  const chain = parts.get(NFTA_VERDICT_CHAIN);
  // Queues carry their number in the upper half.
  const verdict =
    code === undefined || code.length < 4
      ? undefined
      : VERDICTS[code.readInt32BE(0) < 0 ? code.readInt32BE(0) : code.readInt32BE(0) & 0xff];
  return verdict === undefined ? null : { verdict, target: chain === undefined ? null : readCString(chain) };
};

/** The kernel copies the network header with its options, and the first 20 bytes of what follows (nft_trace_fill_pkt_info). */
const packetOf = (network: Buffer | undefined, transport: Buffer | undefined): SeenPacket | null => {
  if (network === undefined || network.length === 0) return null;
  const version = network.readUInt8(0) >> 4;
  if (version !== 4 && version !== 6) return null;
  return readSeenPacket(ETHERTYPES[version], Buffer.concat([network, transport ?? Buffer.alloc(0)]));
};

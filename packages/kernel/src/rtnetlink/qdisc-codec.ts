import type { TokenBucket } from '@manx/render';
import { cString, decodeAttributes, encodeAttributes, nested, readCString } from '../netlink/attribute.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_REPLACE } from '../netlink/message.js';
import type { Qdisc } from './facts.js';

export const RTM_NEWQDISC = 36;
export const RTM_DELQDISC = 37;
export const RTM_GETQDISC = 38;
const HEADER = 20; // struct tcmsg, include/uapi/linux/rtnetlink.h
export const TCA_KIND = 1;
export const TCA_OPTIONS = 2;
const TCA_STATS2 = 7;
const TCA_STATS_QUEUE = 3;
const TCA_TBF_PARMS = 1;
const TCA_TBF_RATE64 = 4;
const TCA_TBF_BURST = 6;
/** struct tc_tbf_qopt: two struct tc_ratespec of 12 bytes, then limit, buffer, mtu (include/uapi/linux/pkt_sched.h). */
const TBF_QOPT = 36;
const TC_H_ROOT = 0xff_ff_ff_ff;
const TC_H_INGRESS = 0xff_ff_ff_f1;
/** The handle that the kernel gives to what comes in (`ffff:`). */
export const INGRESS_HANDLE = 0xff_ff_00_00;
/** Under which filters see what goes out (TC_H_MIN_EGRESS of `clsact`). */
export const EGRESS_PARENT = 0xff_ff_ff_f3;
const TC_LINKLAYER_ETHERNET = 1;
const MAX_U32 = 0xff_ff_ff_ff;
/** A tick of the kernel's packet scheduler in seconds (PSCHED_SHIFT, include/net/pkt_sched.h). */
const TICK_SECONDS = 64e-9;
const WANTED: ReadonlySet<number> = new Set([TCA_KIND, TCA_OPTIONS, TCA_STATS2]);

/** The handle of root disciplines that are ours, `4d58:`: how they are told from those that somebody else set. */
const OUR_HANDLE = 0x4d_58_00_00;

/** Payload that asks for the queueing disciplines of all interfaces. */
export const encodeQdiscDump = (): Buffer => Buffer.alloc(HEADER);

/** Puts a token bucket at the root of an interface, or changes the one of ours that is there: the queue and its packets stay then. */
export const encodeBucketPut = ({ ifindex, bucket }: { readonly ifindex: number; readonly bucket: TokenBucket }): NetlinkRequest => {
  const parms = Buffer.alloc(TBF_QOPT);
  parms.writeUInt8(TC_LINKLAYER_ETHERNET, 1);
  parms.writeUInt32LE(Math.min(bucket.rate, MAX_U32), 8);
  parms.writeUInt32LE(bucket.queue, 24);
  const burst = Buffer.alloc(4);
  burst.writeUInt32LE(bucket.burst);
  const rate64 = Buffer.alloc(8);
  rate64.writeBigUInt64LE(BigInt(bucket.rate));
  const options = [
    { type: TCA_TBF_PARMS, value: parms },
    { type: TCA_TBF_BURST, value: burst },
    ...(bucket.rate > MAX_U32 ? [{ type: TCA_TBF_RATE64, value: rate64 }] : []),
  ];
  return {
    type: RTM_NEWQDISC,
    flags: NLM_F_CREATE | NLM_F_REPLACE,
    payload: Buffer.concat([
      tcHeader({ ifindex, handle: OUR_HANDLE, parent: TC_H_ROOT }),
      encodeAttributes([cString(TCA_KIND, 'tbf'), nested(TCA_OPTIONS, options)]),
    ]),
  };
};

/** Deletes our root discipline of an interface, never another. */
export const encodeBucketDelete = ({ ifindex }: { readonly ifindex: number }): NetlinkRequest => ({
  type: RTM_DELQDISC,
  flags: 0,
  payload: tcHeader({ ifindex, handle: OUR_HANDLE, parent: TC_H_ROOT }),
});

/** Makes the place where filters see what comes in by an interface. */
export const encodeIngressPut = ({ ifindex }: { readonly ifindex: number }): NetlinkRequest => encodePlacePut(ifindex, 'ingress');

/** Makes the place where filters see what goes out by an interface, and what comes in (sch_clsact). */
export const encodeEgressPut = ({ ifindex }: { readonly ifindex: number }): NetlinkRequest => encodePlacePut(ifindex, 'clsact');

const encodePlacePut = (ifindex: number, kind: 'ingress' | 'clsact'): NetlinkRequest => ({
  type: RTM_NEWQDISC,
  flags: NLM_F_CREATE,
  payload: Buffer.concat([
    tcHeader({ ifindex, handle: INGRESS_HANDLE, parent: TC_H_INGRESS }),
    encodeAttributes([cString(TCA_KIND, kind)]),
  ]),
});

/** Takes the place of filters for what comes in away, with every filter in it. */
export const encodeIngressDelete = ({ ifindex }: { readonly ifindex: number }): NetlinkRequest => ({
  type: RTM_DELQDISC,
  flags: 0,
  payload: tcHeader({ ifindex, handle: 0, parent: TC_H_INGRESS }),
});

/** Reads RTM_NEWQDISC or RTM_DELQDISC; null for one that sits within another. */
export const decodeQdisc = (payload: Buffer): Qdisc | null => {
  if (payload.length < HEADER) return null;
  const parent = payload.readUInt32LE(12);
  if (parent !== TC_H_ROOT && parent !== TC_H_INGRESS) return null;
  const attributes = decodeAttributes(payload.subarray(HEADER), WANTED);
  const kind = readCString(attributes.get(TCA_KIND) ?? Buffer.alloc(0));
  const isOurs = parent === TC_H_ROOT && payload.readUInt32LE(8) === OUR_HANDLE && kind === 'tbf';
  const queue = decodeAttributes(attributes.get(TCA_STATS2) ?? Buffer.alloc(0)).get(TCA_STATS_QUEUE);
  return {
    ifindex: payload.readInt32LE(4),
    kind,
    isIngress: parent === TC_H_INGRESS,
    bucket: isOurs ? decodeBucket(attributes.get(TCA_OPTIONS) ?? Buffer.alloc(0)) : null,
    drops: queue === undefined || queue.length < 12 ? 0 : queue.readUInt32LE(8),
  };
};

/** struct tcmsg. */
export const tcHeader = (of: {
  readonly ifindex: number;
  readonly handle: number;
  readonly parent: number;
  readonly info?: number;
}): Buffer => {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeInt32LE(of.ifindex, 4);
  bytes.writeUInt32LE(of.handle, 8);
  bytes.writeUInt32LE(of.parent, 12);
  bytes.writeUInt32LE(of.info ?? 0, 16);
  return bytes;
};

const decodeBucket = (options: Buffer): TokenBucket | null => {
  const attributes = decodeAttributes(options);
  const parms = attributes.get(TCA_TBF_PARMS);
  if (parms === undefined || parms.length < TBF_QOPT) return null;
  const rate64 = attributes.get(TCA_TBF_RATE64);
  const rate = rate64?.length === 8 ? Number(rate64.readBigUInt64LE()) : parms.readUInt32LE(8);
  return { rate, burst: Math.round(parms.readUInt32LE(28) * TICK_SECONDS * rate), queue: parms.readUInt32LE(24) };
};

import { decodeAttributes, readCString } from '../netlink/attribute.js';
import { addressOf, SOL_SOCKET, setSocketOption } from '../netlink/libc.js';
import type { NetlinkMessage } from '../netlink/message.js';
import { type NetlinkWatch, watchNetlink } from '../netlink/netlink-events.js';
import { NETLINK_NETFILTER } from '../netlink/netlink-socket.js';

const NFNLGRP_NFTABLES = 7; // include/uapi/linux/netfilter/nfnetlink.h
const NFT_MSG_NEWGEN = 0x0a0f; // NFNL_SUBSYS_NFTABLES << 8 | 15
const NFGENMSG = 4;
const NFTA_GEN_ID = 1;
const NFTA_GEN_PROC_PID = 2;
const NFTA_GEN_PROC_NAME = 3;
const SO_ATTACH_FILTER = 26;

/** A committed nftables transaction, and who made it. */
export type NftGeneration = {
  readonly generation: number;
  /** Of the thread that made it, as the machine's first PID namespace numbers it. */
  readonly pid: number;
  readonly program: string;
};

/** Told of each transaction in this network namespace, ours included, and when some were missed. */
export type NftListener = { readonly onGeneration: (generation: NftGeneration) => void; readonly onLost: () => void };

/** Watches nftables transactions until `close`: one event each, however large they are. Throws Fault when it cannot begin. */
export const watchNftables = (listener: NftListener): NetlinkWatch =>
  watchNetlink(
    { protocol: NETLINK_NETFILTER, groups: [NFNLGRP_NFTABLES], prepare: onlyGenerations },
    {
      onLost: listener.onLost,
      onMessages: (messages) => {
        for (const message of messages) {
          const generation = decodeGeneration(message);
          if (generation !== null) listener.onGeneration(generation);
        }
      },
    },
  );

/** Reads NFT_MSG_NEWGEN; null for other messages. Its numbers are in network order, unlike those of rtnetlink. */
const decodeGeneration = (message: NetlinkMessage): NftGeneration | null => {
  if (message.type !== NFT_MSG_NEWGEN) return null;
  const attributes = decodeAttributes(message.payload.subarray(NFGENMSG));
  return {
    generation: attributes.get(NFTA_GEN_ID)?.readUInt32BE(0) ?? 0,
    pid: attributes.get(NFTA_GEN_PROC_PID)?.readUInt32BE(0) ?? 0,
    program: readCString(attributes.get(NFTA_GEN_PROC_NAME) ?? Buffer.alloc(0)),
  };
};

/**
 * A socket filter (classic BPF) that lets only NEWGEN through: without it each element of a large transaction would be an event.
 * The filter loads in network order, so the type's two little-endian bytes appear swapped.
 */
const onlyGenerations = (fd: number): void => {
  const program = [
    { code: 0x28, jt: 0, jf: 0, k: 4 }, // load the half word at nlmsg_type
    { code: 0x15, jt: 0, jf: 1, k: ((NFT_MSG_NEWGEN & 0xff) << 8) | (NFT_MSG_NEWGEN >> 8) }, // equal?
    { code: 0x06, jt: 0, jf: 0, k: 0xffff_ffff }, // take all
    { code: 0x06, jt: 0, jf: 0, k: 0 }, // take nothing
  ];
  const filter = Buffer.alloc(program.length * 8);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    filter.writeUInt16LE(code, index * 8);
    filter.writeUInt8(jt, index * 8 + 2);
    filter.writeUInt8(jf, index * 8 + 3);
    filter.writeUInt32LE(k, index * 8 + 4);
  }
  const sockFprog = Buffer.alloc(16);
  sockFprog.writeUInt16LE(program.length, 0);
  sockFprog.writeBigUInt64LE(addressOf(filter), 8);
  setSocketOption(fd, { level: SOL_SOCKET, name: SO_ATTACH_FILTER }, sockFprog);
};

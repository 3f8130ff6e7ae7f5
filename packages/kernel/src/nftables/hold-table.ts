import { readdirSync } from 'node:fs';
import { cString, decodeAttributes, encodeAttributes } from '../netlink/attribute.js';
import { AF_NETLINK, SOL_SOCKET, socketOption } from '../netlink/libc.js';
import { NLM_F_CREATE } from '../netlink/message.js';
import { NETLINK_NETFILTER } from '../netlink/netlink-socket.js';
import { ask, familyHeader, GENMSG_BYTES, NFNL_SUBSYS_NFTABLES, transact } from './netfilter-batch.js';
import type { NftTableKey } from './nftables.js';

// include/uapi/linux/netfilter/nf_tables.h
const NFT_MSG_NEWTABLE = NFNL_SUBSYS_NFTABLES << 8;
const NFT_MSG_GETTABLE = (NFNL_SUBSYS_NFTABLES << 8) | 1;
const NFTA_TABLE_NAME = 1;
const NFTA_TABLE_FLAGS = 2;
const NFT_TABLE_F_OWNER = 0x2;
const NFT_TABLE_F_PERSIST = 0x4;
// include/uapi/asm-generic/socket.h, include/linux/socket.h
const SO_PROTOCOL = 38;
const SO_DOMAIN = 39;

/**
 * Makes a table that of this netlink socket, and the table itself, empty, where there is none: nobody else can change, flush or delete
 * it while the socket is open, and it stays when the socket goes (`flags owner, persist`; Linux 6.9, nf_tables_newtable and
 * nf_tables_updtable in net/netfilter/nf_tables_api.c). One that another process left is taken over. False where the kernel will not:
 * it is older, or the table was made without these flags or is another living process's. Nothing is changed then.
 */
export const holdTable = (fd: number, { family, name }: NftTableKey): boolean => {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(NFT_TABLE_F_OWNER | NFT_TABLE_F_PERSIST);
  const attributes = encodeAttributes([{ type: NFTA_TABLE_FLAGS, value: flags }, cString(NFTA_TABLE_NAME, name)]);
  return transact(fd, [{ type: NFT_MSG_NEWTABLE, flags: NLM_F_CREATE, payload: Buffer.concat([familyHeader(family), attributes]) }]);
};

/** Whether a table was held by a process that has gone since, so that it is anybody's to take over and has the flag `persist` alone. */
export const isOrphan = (fd: number, { family, name }: NftTableKey): boolean => {
  const payload = Buffer.concat([familyHeader(family), encodeAttributes([cString(NFTA_TABLE_NAME, name)])]);
  const flagsOf = (answer: Buffer): number => decodeAttributes(answer.subarray(GENMSG_BYTES)).get(NFTA_TABLE_FLAGS)?.readUInt32BE(0) ?? 0;
  const flags = ask(fd, { type: NFT_MSG_GETTABLE, flags: 0, payload }, flagsOf) ?? 0;
  return (flags & NFT_TABLE_F_PERSIST) !== 0 && (flags & NFT_TABLE_F_OWNER) === 0;
};

/** The descriptors of this process that are netlink sockets to netfilter, in any order. */
export const netfilterSockets = (): readonly number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      const is = (name: number, value: number): boolean => socketOption(fd, { level: SOL_SOCKET, name }) === value;
      return is(SO_DOMAIN, AF_NETLINK) && is(SO_PROTOCOL, NETLINK_NETFILTER);
    });

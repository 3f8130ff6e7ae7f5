import { readdirSync, readSync, writeSync } from 'node:fs';
import { encodeAttributes } from '../netlink/attribute.js';
import { socketOption } from '../netlink/libc.js';
import { decodeMessages, decodeVerdict, encodeMessage, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST, NLMSG_ERROR } from '../netlink/message.js';
import { NETLINK_NETFILTER } from '../netlink/netlink-socket.js';
import type { NftTableKey } from './nftables.js';

// include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWTABLE = NFNL_SUBSYS_NFTABLES << 8;
const NFTA_TABLE_NAME = 1;
const NFTA_TABLE_FLAGS = 2;
const NFT_TABLE_F_OWNER = 0x2;
const NFT_TABLE_F_PERSIST = 0x4;
const FAMILIES: Readonly<Record<string, number>> = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 };
// include/uapi/asm-generic/socket.h, include/linux/socket.h
const SOL_SOCKET = 1;
const SO_PROTOCOL = 38;
const SO_DOMAIN = 39;
const AF_NETLINK = 16;
const MAX_READS = 16;

/**
 * Makes a table that of this netlink socket, and the table itself, empty, where there is none: nobody else can change, flush or delete
 * it while the socket is open, and it stays when the socket goes (`flags owner, persist`; Linux 6.9, nf_tables_newtable and
 * nf_tables_updtable in net/netfilter/nf_tables_api.c). One that another process left is taken over. False where the kernel will not:
 * it is older, or the table was made without these flags or is another living process's. Nothing is changed then.
 */
export const holdTable = (fd: number, { family, name }: NftTableKey): boolean => {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(NFT_TABLE_F_OWNER | NFT_TABLE_F_PERSIST);
  const table = encodeAttributes([
    { type: NFTA_TABLE_FLAGS, value: flags },
    { type: NFTA_TABLE_NAME, value: Buffer.from(`${name}\0`) },
  ]);
  const seq = 1;
  const messages = [
    encodeMessage({ type: NFNL_MSG_BATCH_BEGIN, flags: NLM_F_REQUEST, payload: nfgenmsg(0, NFNL_SUBSYS_NFTABLES) }, seq),
    encodeMessage(
      {
        type: NFT_MSG_NEWTABLE,
        flags: NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
        payload: Buffer.concat([nfgenmsg(FAMILIES[family] ?? 0, 0), table]),
      },
      seq + 1,
    ),
    encodeMessage({ type: NFNL_MSG_BATCH_END, flags: NLM_F_REQUEST, payload: nfgenmsg(0, NFNL_SUBSYS_NFTABLES) }, seq + 2),
  ];
  writeSync(fd, Buffer.concat(messages));
  const buffer = Buffer.allocUnsafe(1 << 14);
  // The kernel has answered by now; the acknowledgement may stand behind other errors of the batch.
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    for (const message of decodeMessages(buffer.subarray(0, readSync(fd, buffer)))) {
      if (message.type === NLMSG_ERROR) return decodeVerdict(message).errno === 0;
    }
  }
  return false;
};

/** The descriptors of this process that are netlink sockets to netfilter, in any order. */
export const netfilterSockets = (): readonly number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      const is = (name: number, value: number): boolean => socketOption(fd, { level: SOL_SOCKET, name }) === value;
      return is(SO_DOMAIN, AF_NETLINK) && is(SO_PROTOCOL, NETLINK_NETFILTER);
    });

/** struct nfgenmsg: family, version 0, and a number in network order. */
const nfgenmsg = (family: number, resource: number): Buffer => Buffer.from([family, 0, resource >> 8, resource & 0xff]);

import { type Ip, parseIp } from '@manx/ip';
import { type Attribute, cString, decodeAttributes, encodeAttributes, nested } from '../netlink/attribute.js';
import { ipBytes } from '../netlink/ip-bytes.js';
import { type NetlinkRequest, NLM_F_CREATE } from '../netlink/message.js';
import { ask, familyHeader, GENMSG_BYTES, NFNL_SUBSYS_NFTABLES, transact } from './netfilter-batch.js';

// include/uapi/linux/netfilter/nf_tables.h
const NFT_MSG_GETSET = (NFNL_SUBSYS_NFTABLES << 8) | 10;
const NFT_MSG_NEWSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 12;
const NFT_MSG_DELSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 14;
const NFTA_SET_TABLE = 1;
const NFTA_SET_NAME = 2;
const NFTA_SET_FLAGS = 3;
const NFTA_SET_KEY_LEN = 5;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_DATA_VALUE = 1;

/** One of these is a few hundred bytes; more at once are rare, and libnftables is as quick for them. */
const MAX_CHARACTERS = 4_000;

const LINE = /^(add|delete) element (\w+) (\S+) (\S+) \{ ([0-9a-f.:, ]+) \}$/;

type Change = {
  readonly verb: 'add' | 'delete';
  readonly family: string;
  readonly table: string;
  readonly set: string;
  readonly addresses: readonly Ip[];
};

/**
 * Applies text that only adds addresses to plain sets, or takes them out, without libnftables, which reads all chains, sets and counters of the host
 * for each transaction: the member that joins a remote group is one message. False, with nothing done, for any other text, and
 * when the kernel refuses, which libnftables then says in words.
 */
export const applyElements = (fd: number, text: string): boolean => {
  const changes = text.length > MAX_CHARACTERS ? null : parse(text);
  return changes !== null && changes.every((change) => isPlain(fd, change)) && transact(fd, changes.map(encode));
};

const parse = (text: string): readonly Change[] | null => {
  const changes: Change[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const [, verb, family = '', table = '', set = '', list = ''] = LINE.exec(line) ?? [];
    const addresses = list.split(', ').map((element) => parseIp(element));
    if ((verb !== 'add' && verb !== 'delete') || !addresses.every((ip) => ip !== null)) return null;
    changes.push({ verb, family, table, set, addresses });
  }
  return changes;
};

/** Whether the set holds single addresses and nothing with them: in one of intervals or with values an element is more than its key. */
const isPlain = (fd: number, { family, table, set, addresses }: Change): boolean => {
  const attributes = encodeAttributes([cString(NFTA_SET_TABLE, table), cString(NFTA_SET_NAME, set)]);
  const request = { type: NFT_MSG_GETSET, flags: 0, payload: Buffer.concat([familyHeader(family), attributes]) };
  const isFlat = ask(fd, request, (payload) => {
    const found = decodeAttributes(payload.subarray(GENMSG_BYTES));
    const length = found.get(NFTA_SET_KEY_LEN)?.readUInt32BE(0);
    return (found.get(NFTA_SET_FLAGS)?.readUInt32BE(0) ?? 0) === 0 && addresses.every((ip) => ipBytes(ip).length === length);
  });
  return isFlat === true;
};

const encode = ({ verb, family, table, set, addresses }: Change): NetlinkRequest => {
  const elements = addresses.map(
    (ip): Attribute => nested(NFTA_LIST_ELEM, [nested(NFTA_SET_ELEM_KEY, [{ type: NFTA_DATA_VALUE, value: ipBytes(ip) }])]),
  );
  const attributes = encodeAttributes([
    cString(NFTA_SET_ELEM_LIST_TABLE, table),
    cString(NFTA_SET_ELEM_LIST_SET, set),
    nested(NFTA_SET_ELEM_LIST_ELEMENTS, elements),
  ]);
  const payload = Buffer.concat([familyHeader(family), attributes]);
  return verb === 'add' ? { type: NFT_MSG_NEWSETELEM, flags: NLM_F_CREATE, payload } : { type: NFT_MSG_DELSETELEM, flags: 0, payload };
};

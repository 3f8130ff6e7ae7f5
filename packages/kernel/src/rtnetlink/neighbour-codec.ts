import { familyOf, type Ip, type Mac, macBytes, macFromBytes } from '@manx/ip';
import { decodeAttributes, encodeAttributes, u32 } from '../netlink/attribute.js';
import { AF_OF_FAMILY, familyOfAf, ipBytes, ipFromBytes } from '../netlink/ip-bytes.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_REPLACE } from '../netlink/message.js';
import { type Neighbour, NUD_PERMANENT } from './facts.js';

export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
const HEADER = 12; // struct ndmsg
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_IFINDEX = 8;
const NTF_PROXY = 0x08;
const WANTED: ReadonlySet<number> = new Set([NDA_DST, NDA_LLADDR]);

type Entry = { readonly ifindex: number; readonly ip: Ip };

/** Payload that asks for the neighbour entries of both families, of one interface if an index is given. */
export const encodeNeighbourDump = (ifindex?: number): Buffer =>
  Buffer.concat([Buffer.alloc(HEADER), encodeAttributes(ifindex === undefined ? [] : [u32(NDA_IFINDEX, ifindex)])]);

/** Puts a permanent entry, in place of whatever was learnt for the address. */
export const encodeNeighbourPut = (entry: Entry & { readonly mac: Mac }): NetlinkRequest => {
  const mac = { type: NDA_LLADDR, value: Buffer.from(macBytes(entry.mac)) };
  const attributes = encodeAttributes([{ type: NDA_DST, value: ipBytes(entry.ip) }, mac]);
  return { type: RTM_NEWNEIGH, flags: NLM_F_CREATE | NLM_F_REPLACE, payload: Buffer.concat([header(entry, NUD_PERMANENT), attributes]) };
};

/** Deletes the entry of an address. */
export const encodeNeighbourDelete = (entry: Entry): NetlinkRequest => {
  const attributes = encodeAttributes([{ type: NDA_DST, value: ipBytes(entry.ip) }]);
  return { type: RTM_DELNEIGH, flags: 0, payload: Buffer.concat([header(entry, 0), attributes]) };
};

/** Reads RTM_NEWNEIGH or RTM_DELNEIGH; null for entries that are not of IP (a bridge's forwarding table). */
export const decodeNeighbour = (payload: Buffer): Neighbour | null => {
  if (payload.length < HEADER || familyOfAf(payload.readUInt8(0)) === null) return null;
  const attributes = decodeAttributes(payload.subarray(HEADER), WANTED);
  const ip = ipFromBytes(attributes.get(NDA_DST) ?? Buffer.alloc(0));
  if (ip === null) return null;
  const mac = attributes.get(NDA_LLADDR);
  return {
    ifindex: payload.readInt32LE(4),
    ip,
    mac: mac?.length === 6 ? macFromBytes(mac) : null,
    state: payload.readUInt16LE(8),
    isProxy: (payload.readUInt8(10) & NTF_PROXY) !== 0,
  };
};

const header = (entry: Entry, state: number): Buffer => {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeUInt8(AF_OF_FAMILY[familyOf(entry.ip)], 0);
  bytes.writeInt32LE(entry.ifindex, 4);
  bytes.writeUInt16LE(state, 8);
  return bytes;
};

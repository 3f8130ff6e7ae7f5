import { type Mac, macBytes, macFromBytes } from '@manx/ip';
import { cString, decodeAttributes, encodeAttributes, nested, readCString, u32 } from '../netlink/attribute.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_EXCL } from '../netlink/message.js';
import type { Link } from './facts.js';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
const HEADER = 16; // struct ifinfomsg
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_QDISC = 6;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 8;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const WANTED: ReadonlySet<number> = new Set([IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_QDISC, IFLA_LINKINFO]);

/** Payload that asks for all links, or for one by name or index, without their counters. */
export const encodeLinkGet = (which: string | number = 0): Buffer => {
  const header = Buffer.alloc(HEADER);
  if (typeof which === 'number') header.writeInt32LE(which, 4);
  const name = typeof which === 'number' ? [] : [cString(IFLA_IFNAME, which)];
  return Buffer.concat([header, encodeAttributes([...name, u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS)])]);
};

/** Makes an interface of a kind that needs no more than a name. */
export const encodeLinkAdd = ({ ifname, type }: { readonly ifname: string; readonly type: string }): NetlinkRequest => ({
  type: RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  payload: Buffer.concat([
    Buffer.alloc(HEADER),
    encodeAttributes([cString(IFLA_IFNAME, ifname), nested(IFLA_LINKINFO, [cString(IFLA_INFO_KIND, type)])]),
  ]),
});

/** Deletes an interface by name. */
export const encodeLinkDelete = ({ ifname }: { readonly ifname: string }): NetlinkRequest => ({
  type: RTM_DELLINK,
  flags: 0,
  payload: encodeLinkGet(ifname),
});

/** Sets an interface's MAC, up or down, or both, by index: an interface that took a dead one's name is never meant. */
export const encodeLinkSet = (link: { readonly ifindex: number; readonly mac?: Mac; readonly isUp?: boolean }): NetlinkRequest => {
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(link.ifindex, 4);
  if (link.isUp !== undefined) {
    header.writeUInt32LE(link.isUp ? IFF_UP : 0, 8);
    header.writeUInt32LE(IFF_UP, 12);
  }
  const mac = link.mac === undefined ? [] : [{ type: IFLA_ADDRESS, value: Buffer.from(macBytes(link.mac)) }];
  return { type: RTM_NEWLINK, flags: 0, payload: Buffer.concat([header, encodeAttributes(mac)]) };
};

/** Reads RTM_NEWLINK or RTM_DELLINK; null for what is not about an interface with a name (bridge ports' own messages among it). */
export const decodeLink = (payload: Buffer): Link | null => {
  if (payload.length < HEADER || payload.readUInt8(0) !== 0) return null;
  const attributes = decodeAttributes(payload.subarray(HEADER), WANTED);
  const name = attributes.get(IFLA_IFNAME);
  if (name === undefined) return null;
  const mac = attributes.get(IFLA_ADDRESS);
  const qdisc = attributes.get(IFLA_QDISC);
  const info = attributes.get(IFLA_LINKINFO);
  const kind = info === undefined ? undefined : decodeAttributes(info).get(IFLA_INFO_KIND);
  const flags = payload.readUInt32LE(8);
  return {
    ifindex: payload.readInt32LE(4),
    ifname: readCString(name),
    mac: mac?.length === 6 ? macFromBytes(mac) : null,
    isUp: (flags & IFF_UP) !== 0,
    isRunning: (flags & IFF_RUNNING) !== 0,
    mtu: attributes.get(IFLA_MTU)?.readUInt32LE(0) ?? 0,
    kind: kind === undefined ? null : readCString(kind),
    qdisc: qdisc === undefined ? null : readCString(qdisc),
  };
};

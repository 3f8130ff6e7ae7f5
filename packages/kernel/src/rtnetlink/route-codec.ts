import { cidrFirst, cidrOf, type Family, familyOf, prefixLength } from '@manx/ip';
import { type Attribute, decodeAttributes, encodeAttributes, u32 } from '../netlink/attribute.js';
import { AF_OF_FAMILY, familyOfAf, ipBytes, ipFromBytes } from '../netlink/ip-bytes.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_REPLACE } from '../netlink/message.js';
import type { RouteKey } from './change.js';
import { MAIN_TABLE, type Route } from './facts.js';

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
const HEADER = 12; // struct rtmsg
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RT_SCOPE_LINK = 253;
const RTN_UNICAST = 1;
const RTM_F_CLONED = 0x200;
const NEXTHOP = 8; // struct rtnexthop
const WANTED: ReadonlySet<number> = new Set([RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_MULTIPATH, RTA_TABLE]);

/** Which routes to list; the kernel filters. */
export type RouteFilter = { readonly family: Family; readonly protocol?: number; readonly table?: number };

/** Payload that asks for routes, by default those of the main table whoever owns them. */
export const encodeRouteDump = (filter: RouteFilter): Buffer => {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(AF_OF_FAMILY[filter.family], 0);
  header.writeUInt8(filter.protocol ?? 0, 5);
  return Buffer.concat([header, encodeAttributes([u32(RTA_TABLE, filter.table ?? MAIN_TABLE)])]);
};

/** Adds a directly connected route, or replaces the one with the same destination and metric. */
export const encodeRoutePut = (route: RouteKey): NetlinkRequest => encode(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);

/** Deletes exactly this route: another interface's or owner's with the same destination stays. */
export const encodeRouteDelete = (route: RouteKey): NetlinkRequest => encode(RTM_DELROUTE, 0, route);

/** Reads RTM_NEWROUTE or RTM_DELROUTE; null for anything but a unicast route (cached exceptions among it). */
export const decodeRoute = (payload: Buffer): Route | null => {
  if (payload.length < HEADER) return null;
  const family = familyOfAf(payload.readUInt8(0));
  if (family === null || payload.readUInt8(7) !== RTN_UNICAST || (payload.readUInt32LE(8) & RTM_F_CLONED) !== 0) return null;
  const attributes = decodeAttributes(payload.subarray(HEADER), WANTED);
  const destination = ipFromBytes(attributes.get(RTA_DST) ?? Buffer.alloc(family === 4 ? 4 : 16));
  if (destination === null) return null;
  const hop = firstHop(attributes);
  return {
    destination: cidrOf(destination, payload.readUInt8(1)),
    ifindex: hop.get(RTA_OIF)?.readInt32LE(0) ?? null,
    gateway: ipFromBytes(hop.get(RTA_GATEWAY) ?? Buffer.alloc(0)),
    metric: attributes.get(RTA_PRIORITY)?.readUInt32LE(0) ?? 0,
    protocol: payload.readUInt8(5),
    table: attributes.get(RTA_TABLE)?.readUInt32LE(0) ?? payload.readUInt8(4),
    scope: payload.readUInt8(6),
  };
};

const firstHop = (attributes: ReadonlyMap<number, Buffer>): ReadonlyMap<number, Buffer> => {
  const hops = attributes.get(RTA_MULTIPATH);
  if (hops === undefined || hops.length < NEXTHOP) return attributes;
  const first = hops.subarray(0, Math.min(hops.readUInt16LE(0), hops.length));
  return new Map([...decodeAttributes(first.subarray(NEXTHOP)), [RTA_OIF, first.subarray(4, 8)]]);
};

const encode = (type: number, flags: number, route: RouteKey): NetlinkRequest => {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(AF_OF_FAMILY[familyOf(route.destination)], 0);
  header.writeUInt8(prefixLength(route.destination), 1);
  header.writeUInt8(MAIN_TABLE, 4);
  header.writeUInt8(route.protocol, 5);
  header.writeUInt8(RT_SCOPE_LINK, 6);
  header.writeUInt8(RTN_UNICAST, 7);
  const attributes: readonly Attribute[] = [
    { type: RTA_DST, value: ipBytes(cidrFirst(route.destination)) },
    u32(RTA_OIF, route.ifindex),
    u32(RTA_PRIORITY, route.metric),
  ];
  return { type, flags, payload: Buffer.concat([header, encodeAttributes(attributes)]) };
};

import { cidrFirst, cidrOf, type Family, familyOf, type Ip, prefixLength } from '@manx/ip';
import { type Attribute, decodeAttributes, encodeAttributes, u32 } from '../netlink/attribute.js';
import { AF_OF_FAMILY, familyOfAf, ipBytes, ipFromBytes } from '../netlink/ip-bytes.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_REPLACE } from '../netlink/message.js';
import type { RouteHop, RouteKey } from './change.js';
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
const RTA_VIA = 18;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RTN_UNSPEC = 0;
const RTN_UNICAST = 1;
const RTN_BLACKHOLE = 6;
const RTM_F_CLONED = 0x200;
const NEXTHOP = 8; // struct rtnexthop
const WANTED: ReadonlySet<number> = new Set([RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_MULTIPATH, RTA_TABLE, RTA_VIA]);

/** Which routes to list; the kernel filters. */
export type RouteFilter = { readonly family: Family; readonly protocol?: number; readonly table?: number };

/** Payload that asks for routes, by default those of the main table whoever owns them. */
export const encodeRouteDump = (filter: RouteFilter): Buffer => {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(AF_OF_FAMILY[filter.family], 0);
  header.writeUInt8(filter.protocol ?? 0, 5);
  return Buffer.concat([header, encodeAttributes([u32(RTA_TABLE, filter.table ?? MAIN_TABLE)])]);
};

/** Adds a route, or replaces the one with the same destination and metric. One without a way is a blackhole. */
export const encodeRoutePut = (route: RouteKey): NetlinkRequest => encode(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);

/**
 * Deletes exactly this route: another interface's or owner's with the same destination stays. One with several ways, or of which no way is
 * known, is named by its destination, metric and owner alone.
 */
export const encodeRouteDelete = (route: RouteKey): NetlinkRequest =>
  encode(RTM_DELROUTE, 0, route.hops.length === 1 ? route : { ...route, hops: [] });

/** Reads RTM_NEWROUTE or RTM_DELROUTE; null for anything but a unicast route (cached exceptions among it) or a blackhole, which has no ways. */
export const decodeRoute = (payload: Buffer): Route | null => {
  if (payload.length < HEADER) return null;
  const family = familyOfAf(payload.readUInt8(0));
  const type = payload.readUInt8(7);
  if (family === null || (type !== RTN_UNICAST && type !== RTN_BLACKHOLE) || (payload.readUInt32LE(8) & RTM_F_CLONED) !== 0) return null;
  const attributes = decodeAttributes(payload.subarray(HEADER), WANTED);
  const destination = ipFromBytes(attributes.get(RTA_DST) ?? Buffer.alloc(family === 4 ? 4 : 16));
  if (destination === null) return null;
  return {
    destination: cidrOf(destination, payload.readUInt8(1)),
    hops: type === RTN_BLACKHOLE ? [] : decodeHops(attributes),
    metric: attributes.get(RTA_PRIORITY)?.readUInt32LE(0) ?? 0,
    protocol: payload.readUInt8(5),
    table: attributes.get(RTA_TABLE)?.readUInt32LE(0) ?? payload.readUInt8(4),
    scope: payload.readUInt8(6),
  };
};

const decodeHops = (attributes: ReadonlyMap<number, Buffer>): Route['hops'] => {
  const several = attributes.get(RTA_MULTIPATH);
  if (several === undefined) return [{ ifindex: attributes.get(RTA_OIF)?.readInt32LE(0) ?? null, via: viaOf(attributes) }];
  const hops: Route['hops'][number][] = [];
  for (let at = 0; at + NEXTHOP <= several.length; ) {
    const length = several.readUInt16LE(at);
    if (length < NEXTHOP) break;
    const own = decodeAttributes(several.subarray(at + NEXTHOP, Math.min(at + length, several.length)));
    hops.push({ ifindex: several.readInt32LE(at + 4), via: viaOf(own) });
    at += (length + 3) & ~3;
  }
  return hops;
};

/** RTA_VIA is an address family in 16 bits, and an address of it (struct rtvia). */
const viaOf = (attributes: ReadonlyMap<number, Buffer>): Ip | null =>
  ipFromBytes(attributes.get(RTA_GATEWAY) ?? attributes.get(RTA_VIA)?.subarray(2) ?? Buffer.alloc(0));

const encode = (type: number, flags: number, route: RouteKey): NetlinkRequest => {
  const family = familyOf(route.destination);
  const [first, ...more] = route.hops;
  const isStraight = route.hops.every(({ via }) => via === null);
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(AF_OF_FAMILY[family], 0);
  header.writeUInt8(prefixLength(route.destination), 1);
  header.writeUInt8(MAIN_TABLE, 4);
  header.writeUInt8(route.protocol, 5);
  // What is deleted without its ways is of any scope and type.
  const isAny = type === RTM_DELROUTE && first === undefined;
  header.writeUInt8(isAny ? RT_SCOPE_NOWHERE : isStraight && first !== undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, 6);
  header.writeUInt8(isAny ? RTN_UNSPEC : first === undefined ? RTN_BLACKHOLE : RTN_UNICAST, 7);
  const attributes: readonly Attribute[] = [
    { type: RTA_DST, value: ipBytes(cidrFirst(route.destination)) },
    u32(RTA_PRIORITY, route.metric),
    ...(first === undefined ? [] : more.length === 0 ? hopAttributes(first, family) : [multipath(route.hops, family)]),
  ];
  return { type, flags, payload: Buffer.concat([header, encodeAttributes(attributes)]) };
};

const hopAttributes = ({ ifindex, via }: RouteHop, family: Family): readonly Attribute[] => [
  u32(RTA_OIF, ifindex),
  ...gateway(via, family),
];

const gateway = (via: Ip | null, family: Family): readonly Attribute[] => {
  if (via === null) return [];
  if (familyOf(via) === family) return [{ type: RTA_GATEWAY, value: ipBytes(via) }];
  const head = Buffer.alloc(2);
  head.writeUInt16LE(AF_OF_FAMILY[familyOf(via)], 0);
  return [{ type: RTA_VIA, value: Buffer.concat([head, ipBytes(via)]) }];
};

const multipath = (hops: RouteKey['hops'], family: Family): Attribute => {
  const parts = hops.map(({ ifindex, via }) => {
    const attributes = encodeAttributes(gateway(via, family));
    const head = Buffer.alloc(NEXTHOP);
    head.writeUInt16LE(NEXTHOP + attributes.length, 0);
    head.writeInt32LE(ifindex, 4);
    return Buffer.concat([head, attributes]);
  });
  return { type: RTA_MULTIPATH, value: Buffer.concat(parts) };
};

import { decodeAttributes } from '../netlink/attribute.js';

export const RTM_NEWNETCONF = 80;
const HEADER = 4; // struct netconfmsg, padded (include/uapi/linux/netconf.h)
const AF_INET = 2;
const AF_INET6 = 10;
const NETCONFA_IFINDEX = 1;
const NETCONFA_FORWARDING = 2;
const NETCONFA_RP_FILTER = 3;
const NETCONFA_PROXY_NEIGH = 5;

/** The index that stands for `all` interfaces (NETCONFA_IFINDEX_ALL). */
export const NETCONF_ALL = -1;

/** Settings of an interface that the kernel tells of as they change: those that are there have this value now. */
export type Netconf = {
  readonly family: 4 | 6;
  /** `NETCONF_ALL` for all of them, -2 for those to come. */
  readonly ifindex: number;
  /** Values by name below `net/ipvX/conf/IFNAME/`. */
  readonly values: ReadonlyMap<string, number>;
};

const NAMES: Readonly<Record<4 | 6, ReadonlyArray<readonly [number, string]>>> = {
  4: [
    [NETCONFA_FORWARDING, 'forwarding'],
    [NETCONFA_RP_FILTER, 'rp_filter'],
    [NETCONFA_PROXY_NEIGH, 'proxy_arp'],
  ],
  6: [
    [NETCONFA_FORWARDING, 'forwarding'],
    [NETCONFA_PROXY_NEIGH, 'proxy_ndp'],
  ],
};

/** Reads RTM_NEWNETCONF; null for other families (MPLS). */
export const decodeNetconf = (payload: Buffer): Netconf | null => {
  if (payload.length < HEADER) return null;
  const family = payload.readUInt8(0) === AF_INET ? 4 : payload.readUInt8(0) === AF_INET6 ? 6 : null;
  const attributes = decodeAttributes(payload.subarray(HEADER));
  const ifindex = attributes.get(NETCONFA_IFINDEX)?.readInt32LE(0);
  if (family === null || ifindex === undefined) return null;
  const values = NAMES[family].flatMap(([type, name]) => {
    const value = attributes.get(type)?.readInt32LE(0);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { family, ifindex, values: new Map(values) };
};

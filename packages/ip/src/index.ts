/** Addresses, prefixes, ranges and MACs as canonical text, and longest-prefix match. */

export {
  asCidr,
  type Cidr,
  cidrContains,
  cidrFirst,
  cidrLast,
  cidrOf,
  cidrSize,
  cidrsOverlap,
  compareCidrs,
  hostCidr,
  netmask,
  parseCidr,
  prefixLength,
} from './cidr.js';
export { eui64, linkLocalFor } from './eui64.js';
export { asIp, compareIps, type Family, familyOf, type Ip, ipFromValue, ipValue, nextIp, offsetIp, parseIp } from './ip.js';
export { asMac, type Mac, macBytes, macFromBytes, parseMac } from './mac.js';
export { multicastMac, solicitedNode } from './multicast.js';
export { type PrefixEntry, PrefixTrie } from './prefix-trie.js';
export {
  firstFree,
  type IpRange,
  mergeRanges,
  rangeContains,
  rangeSize,
  rangesOverlap,
  rangeToCidrs,
  subtractIps,
  subtractRanges,
} from './range.js';
export { isBroadcast, isLinkLocal, isLoopback, isMulticast, isRoutable, isUnspecified } from './scope.js';

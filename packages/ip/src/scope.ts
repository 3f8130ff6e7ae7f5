/**
 * What kind of address it is, by IANA's special-purpose registries. An IPv4-mapped IPv6 address is none of these:
 * it is judged as the IPv6 address it is.
 */
import { familyOf, type Ip, v4Of, v6Of } from './ip.js';

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291, section 2.7). */
export function isMulticast(ip: Ip): boolean {
  return familyOf(ip) === 4 ? v4Of(ip) >>> 28 === 0xe : v6Of(ip)[0] >>> 24 === 0xff;
}

/** 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291, section 2.5.6). */
export function isLinkLocal(ip: Ip): boolean {
  return familyOf(ip) === 4 ? v4Of(ip) >>> 16 === 0xa9fe : v6Of(ip)[0] >>> 22 === 0xfe80 >>> 6;
}

/** 127.0.0.0/8 (RFC 1122, section 3.2.1.3) or ::1 (RFC 4291, section 2.5.3). */
export function isLoopback(ip: Ip): boolean {
  return familyOf(ip) === 4 ? v4Of(ip) >>> 24 === 127 : ip === '::1';
}

/** 0.0.0.0 or ::. */
export function isUnspecified(ip: Ip): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** 255.255.255.255, the limited broadcast address (RFC 919); the directed broadcast of a prefix is its `cidrLast`. */
export function isBroadcast(ip: Ip): boolean {
  return ip === '255.255.255.255';
}

/** Whether a packet can be sent to it, and to one station alone, over routers: not unspecified, loopback, link-local, multicast or broadcast. */
export function isRoutable(ip: Ip): boolean {
  return ![isUnspecified, isLoopback, isLinkLocal, isMulticast, isBroadcast].some((is) => is(ip));
}

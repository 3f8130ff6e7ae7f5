import { formatV4, parseV4, V4_BITS, V4_MAX } from './v4.js';
import { compareV6, formatV6, parseV6, V6_BITS, type V6Words, v6FromValue, v6Value } from './v6.js';

/** 4 or 6. */
export type Family = 4 | 6;

/**
 * One IPv4 or IPv6 address in canonical text: equal addresses are equal strings, so an `Ip` is a map key and
 * goes into JSON as it is. IPv4 is the strict dotted quad, IPv6 is RFC 5952.
 * An IPv4-mapped address (`::ffff:192.0.2.1`) is IPv6, and never equal to the IPv4 address inside it.
 */
export type Ip = string & { readonly __brand: 'Ip' };

/** What has a family: an address, or a prefix in canonical text. */
type Addressed = string & { readonly __brand: 'Ip' | 'Cidr' };

/**
 * Reads one address, or null when the text is not exactly one.
 * IPv4: four decimal octets without leading zeros. IPv6: RFC 4291, section 2.2, a dotted quad in the last 32 bits
 * included. No space, zone id, brackets, port, octal, hexadecimal IPv4, or digits outside ASCII.
 */
export function parseIp(text: string): Ip | null {
  // Strict IPv4 text has one spelling: what was read is already canonical.
  if (parseV4(text) >= 0) return text as Ip;
  const words = parseV6(text);
  return words === null ? null : (formatV6(words) as Ip);
}

/** `parseIp` for text known to be an address; a RangeError that names the text when it is not. */
export function asIp(text: string): Ip {
  const ip = parseIp(text);
  if (ip === null) throw new RangeError(`not an IP address: ${quoted(text)}`);
  return ip;
}

/** The family of an address or a prefix. */
export function familyOf(x: Addressed): Family {
  return x.includes(':') ? 6 : 4;
}

/** Bits in an address of the family: 32 or 128. */
export function familyBits(family: Family): number {
  return family === 4 ? V4_BITS : V6_BITS;
}

/** The address as an unsigned number of 32 or 128 bits. */
export function ipValue(ip: Ip): bigint {
  return familyOf(ip) === 4 ? BigInt(v4Of(ip)) : v6Value(v6Of(ip));
}

/** The address of an unsigned number; a RangeError when the number is negative or too large for the family. */
export function ipFromValue(family: Family, value: bigint): Ip {
  if (!isInFamily(family, value)) throw new RangeError(`not an IPv${family} address: number ${value}`);
  return ipOfValue(family, value);
}

/** Numeric order, every IPv4 address before every IPv6 address: negative when `a` comes first, 0 when equal. */
export function compareIps(a: Ip, b: Ip): number {
  if (a === b) return 0;
  const family = familyOf(a);
  if (family !== familyOf(b)) return family === 4 ? -1 : 1;
  return family === 4 ? v4Of(a) - v4Of(b) : compareV6(v6Of(a), v6Of(b));
}

/** The address after this one, or null after the last of its family. */
export function nextIp(ip: Ip): Ip | null {
  if (familyOf(ip) === 6) return offsetIp(ip, 1n);
  const value = v4Of(ip);
  return value === V4_MAX ? null : (formatV4(value + 1) as Ip);
}

/** The address `n` after this one (before it, when `n` is negative), or null where the family has none. */
export function offsetIp(ip: Ip, n: bigint): Ip | null {
  const family = familyOf(ip);
  const value = ipValue(ip) + n;
  return isInFamily(family, value) ? ipOfValue(family, value) : null;
}

/** The number of an IPv4 address, or of the address of an IPv4 prefix whose text ends at `end`. */
export function v4Of(x: Addressed, end = x.length): number {
  const value = parseV4(x, 0, end);
  if (value < 0) throw new RangeError(`not an IPv4 address: ${quoted(x)}`);
  return value;
}

/** The words of an IPv6 address, or of the address of an IPv6 prefix whose text ends at `end`. */
export function v6Of(x: Addressed, end = x.length): V6Words {
  const words = parseV6(x, end);
  if (words === null) throw new RangeError(`not an IPv6 address: ${quoted(x)}`);
  return words;
}

/** The text in quotes for an error message, cut where it is longer than any address. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function isInFamily(family: Family, value: bigint): boolean {
  return value >= 0n && value >> BigInt(familyBits(family)) === 0n;
}

function ipOfValue(family: Family, value: bigint): Ip {
  return (family === 4 ? formatV4(Number(value)) : formatV6(v6FromValue(value))) as Ip;
}

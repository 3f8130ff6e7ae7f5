import { compareIps, familyBits, familyOf, type Ip, ipFromValue, ipValue, quoted, v4Of, v6Of } from './ip.js';
import { formatV4, maskV4, parseV4, V4_BITS } from './v4.js';
import { compareV6, formatV6, maskV6, parseV6, V6_BITS } from './v6.js';

/**
 * One prefix in canonical text, `address/length` with no host bits set: equal prefixes are equal strings.
 * The whole of a family is `0.0.0.0/0` and `::/0`.
 */
export type Cidr = string & { readonly __brand: 'Cidr' };

/**
 * Reads `address/length`, or null when the text is not exactly that.
 * The address is as strict as `parseIp`; the length is plain decimal (no sign, no leading zero), never a netmask.
 * Host bits are cleared in `cidr`; `hostBits` says that the text had some set, for callers that must refuse it.
 */
export function parseCidr(text: string): { cidr: Cidr; hostBits: boolean } | null {
  const slash = text.indexOf('/');
  const length = slash < 0 ? -1 : parseLength(text, slash + 1);
  if (length < 0) return null;
  const value = parseV4(text, 0, slash);
  if (value >= 0) {
    if (length > V4_BITS) return null;
    const first = (value & maskV4(length)) >>> 0;
    // Strict text without host bits has one spelling: it is already canonical.
    return first === value ? { cidr: text as Cidr, hostBits: false } : { cidr: `${formatV4(first)}/${length}` as Cidr, hostBits: true };
  }
  const words = parseV6(text, slash);
  if (words === null || length > V6_BITS) return null;
  const first = maskV6(words, length);
  return { cidr: `${formatV6(first)}/${length}` as Cidr, hostBits: compareV6(first, words) !== 0 };
}

/** `parseCidr` for text known to be a prefix; a RangeError that names the text when it is not, or has host bits set. */
export function asCidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new RangeError(`not a prefix: ${quoted(text)}`);
  if (parsed.hostBits) throw new RangeError(`not a prefix, host bits are set: ${quoted(text)}`);
  return parsed.cidr;
}

/** The prefix of this length that the address lies in; a RangeError when the family has no such length. */
export function cidrOf(ip: Ip, length: number): Cidr {
  const family = familyOf(ip);
  if (!Number.isInteger(length) || length < 0 || length > familyBits(family)) {
    throw new RangeError(`not a prefix length of IPv${family}: ${length}`);
  }
  const first = family === 4 ? formatV4(v4Of(ip) & maskV4(length)) : formatV6(maskV6(v6Of(ip), length));
  return `${first}/${length}` as Cidr;
}

/** The prefix of just this address: /32 or /128. */
export function hostCidr(ip: Ip): Cidr {
  return `${ip}/${familyBits(familyOf(ip))}` as Cidr;
}

/** The length of the prefix in bits: 0..32 or 0..128. */
export function prefixLength(cidr: Cidr): number {
  return lengthAfter(cidr, cidr.indexOf('/'));
}

/** The first address of the prefix: the network address. */
export function cidrFirst(cidr: Cidr): Ip {
  return cidr.slice(0, cidr.indexOf('/')) as Ip;
}

/** The last address of the prefix: for IPv4 the directed broadcast address. */
export function cidrLast(cidr: Cidr): Ip {
  const first = cidrFirst(cidr);
  const length = prefixLength(cidr);
  if (familyOf(cidr) === 4) return formatV4(v4Of(first) | ~maskV4(length)) as Ip;
  return ipFromValue(6, ipValue(first) + cidrSize(cidr) - 1n);
}

/** How many addresses the prefix has, first and last counted: 1 to 2^128. */
export function cidrSize(cidr: Cidr): bigint {
  return 1n << BigInt(familyBits(familyOf(cidr)) - prefixLength(cidr));
}

/** The netmask of the prefix as an address: `255.255.255.0` for an IPv4 /24. */
export function netmask(cidr: Cidr): Ip {
  const length = prefixLength(cidr);
  if (familyOf(cidr) === 4) return formatV4(maskV4(length)) as Ip;
  return formatV6(maskV6([0xff_ff_ff_ff, 0xff_ff_ff_ff, 0xff_ff_ff_ff, 0xff_ff_ff_ff], length)) as Ip;
}

/** Whether every address of `inner` lies in `outer`; a prefix contains itself, and nothing of the other family. */
export function cidrContains(outer: Cidr, inner: Ip | Cidr): boolean {
  const family = familyOf(outer);
  if (family !== familyOf(inner)) return false;
  const outerSlash = outer.indexOf('/');
  const innerSlash = inner.indexOf('/');
  const innerEnd = innerSlash < 0 ? inner.length : innerSlash;
  const length = lengthAfter(outer, outerSlash);
  if (innerSlash >= 0 && lengthAfter(inner as Cidr, innerSlash) < length) return false;
  if (family === 4) return ((v4Of(outer, outerSlash) ^ v4Of(inner, innerEnd)) & maskV4(length)) === 0;
  return compareV6(v6Of(outer, outerSlash), maskV6(v6Of(inner, innerEnd), length)) === 0;
}

/** Whether the two prefixes share an address, which for prefixes means that one contains the other. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrContains(a, b) || cidrContains(b, a);
}

/** IPv4 first, then by first address, then the shorter prefix (the one that contains the other) first. */
export function compareCidrs(a: Cidr, b: Cidr): number {
  return compareIps(cidrFirst(a), cidrFirst(b)) || prefixLength(a) - prefixLength(b);
}

/** The length at `text[start..]`: one to three plain decimal digits; -1 when it is anything else. */
function parseLength(text: string, start: number): number {
  const digits = text.length - start;
  if (digits < 1 || digits > 3 || (digits > 1 && text.charCodeAt(start) === 48)) return -1;
  let length = 0;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

function lengthAfter(cidr: Cidr, slash: number): number {
  const length = slash < 0 ? -1 : parseLength(cidr, slash + 1);
  if (length < 0) throw new RangeError(`not a prefix: ${quoted(cidr)}`);
  return length;
}

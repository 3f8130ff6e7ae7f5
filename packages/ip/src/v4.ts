/**
 * IPv4 text and number: the strict dotted quad of RFC 6943, section 3.1.1.
 *
 * Four decimal octets, no leading zeros (some readers take them as octal), no hexadecimal, no short forms.
 * Inside the room an IPv4 address is an unsigned 32-bit number.
 */

/** Bits in an IPv4 address. */
export const V4_BITS = 32;

/** The largest IPv4 address as a number, 255.255.255.255. */
export const V4_MAX = 0xff_ff_ff_ff;

const ZERO = 48;
const DOT = 46;

/**
 * The number of the dotted quad at `text[start..end)`, or -1 when that is not a strict dotted quad.
 * Reads at most the characters a quad can have, so a huge text costs nothing.
 */
export function parseV4(text: string, start = 0, end = text.length): number {
  const length = end - start;
  if (length < 7 || length > 15) return -1;
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (octet < 0 || dots === 3) return -1;
      value = (value << 8) | octet;
      octet = -1;
      dots++;
      continue;
    }
    const digit = code - ZERO;
    // An octet of 0 that goes on is a leading zero: octal to some readers, so nothing to us.
    if (digit < 0 || digit > 9 || octet === 0) return -1;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return -1;
  }
  if (dots !== 3 || octet < 0) return -1;
  return ((value << 8) | octet) >>> 0;
}

/** The dotted quad of an unsigned 32-bit number. */
export function formatV4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** The netmask of `length` leading ones (0..32) as an unsigned 32-bit number. */
export function maskV4(length: number): number {
  // A JavaScript shift by 32 is a shift by 0, hence the special case.
  return length === 0 ? 0 : (-1 << (V4_BITS - length)) >>> 0;
}

import { type Cidr, prefixLength } from './cidr.js';
import { familyOf, type Ip, v4Of, v6Of } from './ip.js';
import { V6_BITS } from './v6.js';

/**
 * A prefix as bits: `length`, and the address in signed 32-bit words, most significant first; bits past the length mean nothing.
 * IPv4 has only `w0`.
 */
export type PrefixKey = { readonly length: number; readonly w0: number; readonly w1: number; readonly w2: number; readonly w3: number };

/** The key of a prefix. */
export function keyOf(cidr: Cidr): PrefixKey {
  const end = cidr.indexOf('/');
  const length = prefixLength(cidr);
  if (familyOf(cidr) === 4) return { length, w0: v4Of(cidr, end) | 0, w1: 0, w2: 0, w3: 0 };
  const [w0, w1, w2, w3] = v6Of(cidr, end);
  return { length, w0: w0 | 0, w1: w1 | 0, w2: w2 | 0, w3: w3 | 0 };
}

/** The key of the /128 of an IPv6 address. */
export function keyOfV6(ip: Ip): PrefixKey {
  const [w0, w1, w2, w3] = v6Of(ip);
  return { length: V6_BITS, w0: w0 | 0, w1: w1 | 0, w2: w2 | 0, w3: w3 | 0 };
}

/** Whether the bit at 0..127 of the key is set. */
export function hasBit(key: PrefixKey, at: number): boolean {
  const word = at < 32 ? key.w0 : at < 64 ? key.w1 : at < 96 ? key.w2 : key.w3;
  return word << (at & 31) < 0;
}

/**
 * IPv6 text and words: read as RFC 4291, section 2.2; written as RFC 5952.
 *
 * Inside the room an IPv6 address is four unsigned 32-bit words, most significant first; a bigint only where
 * something is counted.
 */
import { formatV4, maskV4, parseV4 } from './v4.js';

/** Four unsigned 32-bit words, most significant first. */
export type V6Words = readonly [number, number, number, number];

/** Bits in an IPv6 address. */
export const V6_BITS = 128;

/** The longest IPv6 text: six groups of four digits and an embedded dotted quad. */
const LONGEST_TEXT = 45;

const COLON = 58;
const DOT = 46;

/** Every byte in hexadecimal, without and with its leading zero. */
const SHORT_HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16));
const FULL_HEX: readonly string[] = SHORT_HEX.map((text) => text.padStart(2, '0'));

/** Where `parseV6` gathers groups: one array for all calls, because an array a call is most of the cost. */
const gathered = new Uint16Array(8);

/**
 * The words of the IPv6 address at `text[0..end)`, or null when that is not one.
 * Takes either case, leading zeros within a group (up to four digits), one `::` that stands for one group or
 * more, and a dotted quad for the last two groups. Takes no zone id, brackets or space.
 */
export function parseV6(text: string, end = text.length): V6Words | null {
  if (end < 2 || end > LONGEST_TEXT) return null;
  let count = 0;
  let gapAt = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return null;
    gapAt = 0;
    i = 2;
  }
  while (i < end) {
    if (count === 8) return null;
    const start = i;
    let group = 0;
    while (i < end && i - start < 4) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      group = (group << 4) | digit;
      i++;
    }
    const code = i < end ? text.charCodeAt(i) : COLON;
    if (code === DOT) {
      const quad = parseV4(text, start, end);
      if (quad < 0 || count > 6) return null;
      gathered[count++] = quad >>> 16;
      gathered[count++] = quad & 0xff_ff;
      break;
    }
    if (i === start || code !== COLON) return null;
    gathered[count++] = group;
    if (i === end) break;
    i++;
    // A colon ends a group; at the end of the text it may only be the second of a `::`.
    if (i === end) return null;
    if (text.charCodeAt(i) === COLON) {
      if (gapAt >= 0) return null;
      gapAt = count;
      i++;
    }
  }
  return wordsOfGroups(count, gapAt);
}

/**
 * The RFC 5952 text: lower case, no leading zeros, the first longest run of two or more zero groups as `::`.
 * IPv4-mapped addresses (::ffff:0:0/96) end in a dotted quad, as section 5 recommends and the kernel's tools print.
 */
export function formatV6(words: V6Words): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xff_ff) return `::ffff:${formatV4(words[3])}`;
  const gap = longestZeroRun(words);
  let text = '';
  let separator = '';
  for (let index = 0; index < 8; index++) {
    if (index === gap.at) {
      text += '::';
      separator = '';
      index += gap.length - 1;
    } else {
      text += separator + hexGroup(groupAt(words, index));
      separator = ':';
    }
  }
  return text;
}

/** The words with everything after the first `length` bits (0..128) cleared. */
export function maskV6(words: V6Words, length: number): V6Words {
  return [
    (words[0] & maskV4(clampToWord(length))) >>> 0,
    (words[1] & maskV4(clampToWord(length - 32))) >>> 0,
    (words[2] & maskV4(clampToWord(length - 64))) >>> 0,
    (words[3] & maskV4(clampToWord(length - 96))) >>> 0,
  ];
}

/** Numeric order: negative when `a` comes first, 0 when equal. */
export function compareV6(a: V6Words, b: V6Words): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

/** The address as an unsigned 128-bit number. */
export function v6Value(words: V6Words): bigint {
  return (BigInt(words[0]) << 96n) | (BigInt(words[1]) << 64n) | (BigInt(words[2]) << 32n) | BigInt(words[3]);
}

/** The words of an unsigned 128-bit number. */
export function v6FromValue(value: bigint): V6Words {
  return [wordAt(value, 96n), wordAt(value, 64n), wordAt(value, 32n), wordAt(value, 0n)];
}

/** How many of `length` leading bits fall into a word that begins at bit 0. */
function clampToWord(length: number): number {
  return length <= 0 ? 0 : length >= 32 ? 32 : length;
}

function wordAt(value: bigint, shift: bigint): number {
  return Number((value >> shift) & 0xff_ff_ff_ffn);
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}

/** The words of the first `count` gathered groups, with zeros at `gapAt` for those that are missing; -1 for no gap. */
function wordsOfGroups(count: number, gapAt: number): V6Words | null {
  if (gapAt < 0 ? count !== 8 : count === 8) return null;
  if (gapAt >= 0) {
    const tail = count - gapAt;
    gathered.copyWithin(8 - tail, gapAt, count);
    gathered.fill(0, gapAt, 8 - tail);
  }
  return [gatheredWord(0), gatheredWord(2), gatheredWord(4), gatheredWord(6)];
}

function gatheredWord(at: number): number {
  return (((gathered[at] ?? 0) << 16) | (gathered[at + 1] ?? 0)) >>> 0;
}

/** The 16-bit group at 0..7. */
function groupAt(words: V6Words, index: number): number {
  const word = words[index >> 1] ?? 0;
  return (index & 1) === 0 ? word >>> 16 : word & 0xff_ff;
}

/** The first of the longest runs of two or more zero groups; `at` is -1 when there is none. */
function longestZeroRun(words: V6Words): { at: number; length: number } {
  let at = -1;
  let length = 1;
  let run = 0;
  for (let index = 0; index < 8; index++) {
    run = groupAt(words, index) === 0 ? run + 1 : 0;
    if (run > length) {
      length = run;
      at = index - run + 1;
    }
  }
  return { at, length };
}

function hexGroup(group: number): string {
  const low = group & 0xff;
  return group < 0x1_00 ? (SHORT_HEX[low] ?? '') : `${SHORT_HEX[group >>> 8] ?? ''}${FULL_HEX[low] ?? ''}`;
}

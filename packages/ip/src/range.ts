import { type Cidr, cidrOf } from './cidr.js';
import { compareIps, type Family, familyBits, familyOf, type Ip, ipFromValue, ipValue, v4Of } from './ip.js';
import { formatV4 } from './v4.js';

/**
 * The addresses from `first` to `last`, both counted: one family, `first` not after `last`.
 * The functions here that build or count throw a RangeError on a range that is not so.
 */
export type IpRange = { readonly first: Ip; readonly last: Ip };

/** A range as numbers, both ends counted. */
type Span = { readonly family: Family; readonly first: bigint; readonly last: bigint };

/** Whether the address lies in the range; never, for an address of the other family. */
export function rangeContains(range: IpRange, ip: Ip): boolean {
  return compareIps(range.first, ip) <= 0 && compareIps(ip, range.last) <= 0;
}

/** Whether the two ranges share an address. */
export function rangesOverlap(a: IpRange, b: IpRange): boolean {
  return compareIps(a.first, b.last) <= 0 && compareIps(b.first, a.last) <= 0;
}

/** How many addresses the range has: 1 to 2^128. */
export function rangeSize(range: IpRange): bigint {
  const span = spanOf(range);
  return span.last - span.first + 1n;
}

/**
 * The same addresses as the fewest ranges: sorted, IPv4 first, disjoint, and none adjacent to the next.
 * Empty for none.
 */
export function mergeRanges(ranges: readonly IpRange[]): IpRange[] {
  const merged: Span[] = [];
  for (const span of ranges.map(spanOf).sort(compareSpans)) {
    const before = merged.at(-1);
    if (before?.family === span.family && span.first <= before.last + 1n) {
      if (span.last > before.last) merged[merged.length - 1] = { ...before, last: span.last };
    } else {
      merged.push(span);
    }
  }
  return merged.map(rangeOf);
}

/**
 * What is left of the range without the taken addresses: sorted, disjoint ranges; empty when all are taken.
 * `taken` may be in any order, hold an address twice, and hold addresses outside the range.
 */
export function subtractIps(range: IpRange, taken: readonly Ip[]): IpRange[] {
  const { family, first, last } = spanOf(range);
  const free: IpRange[] = [];
  let next = first;
  for (const value of sortedValues(family, taken)) {
    if (value > last) break;
    if (value < next) continue;
    if (value > next) free.push(rangeOf({ family, first: next, last: value - 1n }));
    next = value + 1n;
  }
  if (next <= last) free.push(rangeOf({ family, first: next, last }));
  return free;
}

/** The same without whole ranges, which may be in any order, overlap, and reach beyond the range. Those of the other family take nothing. */
export function subtractRanges(range: IpRange, taken: readonly IpRange[]): IpRange[] {
  const { family, first, last } = spanOf(range);
  const free: IpRange[] = [];
  let next = first;
  for (const hole of mergeRanges(taken).map(spanOf)) {
    if (hole.family !== family || hole.last < next) continue;
    if (hole.first > last) break;
    if (hole.first > next) free.push(rangeOf({ family, first: next, last: hole.first - 1n }));
    next = hole.last + 1n;
  }
  if (next <= last) free.push(rangeOf({ family, first: next, last }));
  return free;
}

/** The fewest prefixes that hold exactly the addresses of the range, in order. */
export function rangeToCidrs(range: IpRange): Cidr[] {
  const { family, first, last } = spanOf(range);
  const bits = familyBits(family);
  const cidrs: Cidr[] = [];
  let next = first;
  while (next <= last) {
    // The largest prefix that begins here: limited by how `next` is aligned and by what is left.
    let hostBits = 0;
    while (hostBits < bits) {
      const larger = (1n << BigInt(hostBits + 1)) - 1n;
      if ((next & larger) !== 0n || next + larger > last) break;
      hostBits++;
    }
    cidrs.push(cidrOf(ipFromValue(family, next), bits - hostBits));
    next += 1n << BigInt(hostBits);
  }
  return cidrs;
}

/**
 * The first address of the range that is not taken, or null when all are.
 * Asks `isTaken` once for each address up to the answer, in order: linear in the taken addresses at the front.
 */
export function firstFree(range: IpRange, isTaken: (ip: Ip) => boolean): Ip | null {
  const { family, first, last } = spanOf(range);
  if (family === 4) {
    const end = v4Of(range.last);
    for (let value = v4Of(range.first); value <= end; value++) {
      const ip = formatV4(value) as Ip;
      if (!isTaken(ip)) return ip;
    }
    return null;
  }
  for (let value = first; value <= last; value++) {
    const ip = ipFromValue(family, value);
    if (!isTaken(ip)) return ip;
  }
  return null;
}

function spanOf(range: IpRange): Span {
  const family = familyOf(range.first);
  if (family !== familyOf(range.last) || compareIps(range.first, range.last) > 0) {
    throw new RangeError(`not a range: ${range.first} to ${range.last}`);
  }
  return { family, first: ipValue(range.first), last: ipValue(range.last) };
}

function rangeOf(span: Span): IpRange {
  return { first: ipFromValue(span.family, span.first), last: ipFromValue(span.family, span.last) };
}

function compareSpans(a: Span, b: Span): number {
  return a.family - b.family || compareValues(a.first, b.first);
}

function compareValues(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The numbers of those addresses that are of the family, in order. */
function sortedValues(family: Family, ips: readonly Ip[]): bigint[] {
  const ours = ips.filter((ip) => familyOf(ip) === family);
  if (family === 6) return ours.map(ipValue).sort(compareValues);
  // A typed array sorts natively: a full /16 is an ordinary case.
  return Array.from(Uint32Array.from(ours, (ip) => v4Of(ip)).sort(), BigInt);
}

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyRange, closeIp, closeRange } from './arbitrary-ip.js';
import { type Cidr, cidrFirst, cidrLast, cidrOf, cidrsOverlap } from './cidr.js';
import { asIp, compareIps, type Ip, nextIp } from './ip.js';
import {
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

const range = (first: string, last: string): IpRange => ({ first: asIp(first), last: asIp(last) });

/** Every address of some ranges, one by one: the meaning the functions are held to. */
function listed(ranges: readonly IpRange[]): Set<Ip> {
  const ips = new Set<Ip>();
  for (const { first, last } of ranges) {
    for (let ip: Ip | null = first; ip !== null && compareIps(ip, last) <= 0; ip = nextIp(ip)) ips.add(ip);
  }
  return ips;
}

function expectSortedAndApart(ranges: readonly IpRange[]): void {
  for (const [index, after] of ranges.slice(1).entries()) {
    const before = ranges[index];
    expect(before && compareIps(before.last, after.first)).toBeLessThan(0);
    expect(before && nextIp(before.last)).not.toBe(after.first);
  }
}

describe('one range', () => {
  test('contains its ends and what is between, and nothing of the other family', () => {
    const pool = range('192.0.2.9', '192.0.2.100');
    for (const inside of ['192.0.2.9', '192.0.2.10', '192.0.2.100']) expect(rangeContains(pool, asIp(inside))).toBe(true);
    for (const outside of ['192.0.2.8', '192.0.2.101', '::', 'ffff::', '::ffff:192.0.2.10'])
      expect(rangeContains(pool, asIp(outside))).toBe(false);
    expect(rangeContains(range('::', 'ffff::'), asIp('10.0.0.1'))).toBe(false);
  });

  test('counts both of its ends', () => {
    expect(rangeSize(range('192.0.2.1', '192.0.2.1'))).toBe(1n);
    expect(rangeSize(range('0.0.0.0', '255.255.255.255'))).toBe(1n << 32n);
    expect(rangeSize(range('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))).toBe(1n << 128n);
  });

  test('that ends before it begins, or in the other family, is a RangeError', () => {
    for (const bad of [range('192.0.2.2', '192.0.2.1'), range('192.0.2.2', '::'), range('::1', '::')]) {
      expect(() => rangeSize(bad)).toThrow(RangeError);
      expect(() => mergeRanges([bad])).toThrow(RangeError);
      expect(() => subtractIps(bad, [])).toThrow(RangeError);
      expect(() => rangeToCidrs(bad)).toThrow(RangeError);
      expect(() => firstFree(bad, () => false)).toThrow(RangeError);
    }
  });

  test('overlaps another exactly when they share an address', () => {
    fc.assert(
      fc.property(closeRange, closeRange, (a, b) => {
        const inA = listed([a]);
        expect(rangesOverlap(a, b)).toBe([...listed([b])].some((ip) => inA.has(ip)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('subtractRanges', () => {
  test('leaves what is in none of them, sorted and apart', () => {
    fc.assert(
      fc.property(closeRange, fc.array(closeRange, { maxLength: 4 }), (whole, taken) => {
        const free = subtractRanges(whole, taken);
        expectSortedAndApart(free);
        const gone = listed(taken);
        expect(listed(free)).toEqual(new Set([...listed([whole])].filter((ip) => !gone.has(ip))));
      }),
      { numRuns: 1000 },
    );
  });

  test('works at the ends of a family, and takes nothing of the other', () => {
    const all = range('0.0.0.0', '255.255.255.255');
    expect(subtractRanges(all, [range('0.0.0.0', '0.0.0.9'), range('255.255.255.0', '255.255.255.255')])).toEqual([
      range('0.0.0.10', '255.255.254.255'),
    ]);
    expect(subtractRanges(all, [range('::', '::1')])).toEqual([all]);
    expect(subtractRanges(range('192.0.2.1', '192.0.2.2'), [all])).toEqual([]);
  });
});

describe('mergeRanges', () => {
  test('joins what overlaps or touches, to the very end of the family, and keeps families apart', () => {
    expect(mergeRanges([])).toEqual([]);
    expect(mergeRanges([range('192.0.2.5', '192.0.2.9'), range('192.0.2.1', '192.0.2.4'), range('192.0.2.11', '192.0.2.12')])).toEqual([
      range('192.0.2.1', '192.0.2.9'),
      range('192.0.2.11', '192.0.2.12'),
    ]);
    expect(
      mergeRanges([range('::', '::1'), range('255.255.255.0', '255.255.255.255'), range('255.255.255.255', '255.255.255.255')]),
    ).toEqual([range('255.255.255.0', '255.255.255.255'), range('::', '::1')]);
  });

  test('keeps exactly the addresses, sorted, disjoint and not adjacent, and leaves its input alone', () => {
    fc.assert(
      fc.property(fc.array(closeRange, { maxLength: 8 }), (ranges) => {
        const before = structuredClone(ranges);
        const merged = mergeRanges(ranges);
        expect(ranges).toEqual(before);
        expect(listed(merged)).toEqual(new Set([...listed(ranges)].sort(compareIps)));
        expectSortedAndApart(merged);
        expect(mergeRanges(merged)).toEqual(merged);
      }),
    );
  });
});

describe('subtractIps', () => {
  test('leaves the free ranges between the taken addresses', () => {
    const pool = range('192.0.2.1', '192.0.2.10');
    expect(subtractIps(pool, [])).toEqual([pool]);
    expect(subtractIps(pool, ['192.0.2.10', '192.0.2.4', '192.0.2.1', '192.0.2.4', '192.0.2.200', '::1'].map(asIp))).toEqual([
      range('192.0.2.2', '192.0.2.3'),
      range('192.0.2.5', '192.0.2.9'),
    ]);
    expect(subtractIps(range('255.255.255.255', '255.255.255.255'), [asIp('255.255.255.255')])).toEqual([]);
  });

  test('leaves exactly the addresses that are not taken', () => {
    fc.assert(
      fc.property(closeRange, fc.array(closeIp, { maxLength: 20 }), (pool, taken) => {
        const free = subtractIps(pool, taken);
        expect(listed(free)).toEqual(new Set([...listed([pool])].filter((ip) => !taken.includes(ip))));
        expectSortedAndApart(free);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('rangeToCidrs', () => {
  test('covers well-known ranges', () => {
    expect(rangeToCidrs(range('0.0.0.0', '255.255.255.255'))).toEqual(['0.0.0.0/0']);
    expect(rangeToCidrs(range('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))).toEqual(['::/0']);
    expect(rangeToCidrs(range('192.0.2.1', '192.0.2.6'))).toEqual(['192.0.2.1/32', '192.0.2.2/31', '192.0.2.4/31', '192.0.2.6/32']);
    expect(rangeToCidrs(range('0.0.0.1', '255.255.255.254'))).toHaveLength(62);
  });

  test('covers any range end to end without a gap, and no two prefixes could be one', () => {
    fc.assert(
      fc.property(anyRange, (any) => {
        const cidrs = rangeToCidrs(any);
        expect(mergeRanges(cidrs.map((cidr) => ({ first: cidrFirst(cidr), last: cidrLast(cidr) })))).toEqual([any]);
        for (const [index, cidr] of cidrs.slice(1).entries()) {
          const before = cidrs[index] ?? cidr;
          expect(nextIp(cidrLast(before))).toBe(cidrFirst(cidr));
          expect(cidrsOverlap(before, cidr)).toBe(false);
        }
        for (const cidr of cidrs) expect(isLargest(any, cidr)).toBe(true);
      }),
    );
  });
});

/** Whether the prefix one bit shorter would reach outside the range. */
function isLargest(within: IpRange, cidr: Cidr): boolean {
  const [address, length] = cidr.split('/');
  if (length === '0') return true;
  const wider = cidrOf(asIp(address ?? ''), Number(length) - 1);
  return !(rangeContains(within, cidrFirst(wider)) && rangeContains(within, cidrLast(wider)));
}

describe('firstFree', () => {
  test('asks in order and stops at the first that is free', () => {
    const asked: Ip[] = [];
    const isTaken = (ip: Ip): boolean => asked.push(ip) < 3;
    expect(firstFree(range('192.0.2.254', '192.0.3.9'), isTaken)).toBe('192.0.3.0');
    expect(asked).toEqual(['192.0.2.254', '192.0.2.255', '192.0.3.0']);
    expect(firstFree(range('2001:db8::fffe', '2001:db8::2:0'), (ip) => ip.endsWith('f') || ip.endsWith('e'))).toBe('2001:db8::1:0');
  });

  test('is null when all are taken, to the very end of the family', () => {
    expect(firstFree(range('255.255.255.254', '255.255.255.255'), () => true)).toBeNull();
    expect(firstFree(range('ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), () => true)).toBeNull();
  });

  test('is the first address that subtractIps leaves', () => {
    fc.assert(
      fc.property(closeRange, fc.array(closeIp, { maxLength: 30 }), (pool, taken) => {
        const isTaken = new Set(taken);
        expect(firstFree(pool, (ip) => isTaken.has(ip))).toBe(subtractIps(pool, taken)[0]?.first ?? null);
      }),
      { numRuns: 1000 },
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyCidr, anyIp, closeCidr, closeIp, forkingCidr } from './arbitrary-ip.js';
import { asCidr, type Cidr, cidrContains, cidrFirst, cidrOf, cidrsOverlap, compareCidrs, hostCidr, prefixLength } from './cidr.js';
import { asIp, type Ip, ipFromValue, ipValue } from './ip.js';
import { type PrefixEntry, PrefixTrie } from './prefix-trie.js';

/** The meaning of the trie, in a map and linear searches. */
class NaiveTrie {
  readonly map = new Map<Cidr, number>();

  entries(): Array<PrefixEntry<number>> {
    return [...this.map].map(([cidr, value]) => ({ cidr, value })).sort((a, b) => compareCidrs(a.cidr, b.cidr));
  }

  overlapping(cidr: Cidr): Array<PrefixEntry<number>> {
    return this.entries().filter((entry) => cidrsOverlap(entry.cidr, cidr));
  }

  longestMatch(ip: Ip): PrefixEntry<number> | null {
    const matches = this.entries().filter((entry) => cidrContains(entry.cidr, ip));
    return matches.sort((a, b) => prefixLength(b.cidr) - prefixLength(a.cidr))[0] ?? null;
  }
}

const prefix = fc.oneof({ weight: 4, arbitrary: closeCidr }, { weight: 4, arbitrary: forkingCidr }, { weight: 1, arbitrary: anyCidr });
const change = fc.record({ kind: fc.constantFrom('set', 'set', 'delete'), cidr: prefix, value: fc.nat() });

function expectSame(trie: PrefixTrie<number>, naive: NaiveTrie, probes: ReadonlyArray<readonly [Cidr, Ip]>): void {
  expect(trie.size).toBe(naive.map.size);
  expect(trie.entries()).toEqual(naive.entries());
  for (const [cidr, ip] of probes) {
    expect(trie.get(cidr)).toBe(naive.map.get(cidr));
    expect(trie.overlapping(cidr)).toEqual(naive.overlapping(cidr));
    expect(trie.longestMatch(ip)).toEqual(naive.longestMatch(ip));
    expect(trie.longestMatch(cidrFirst(cidr))).toEqual(naive.longestMatch(cidrFirst(cidr)));
  }
}

describe('PrefixTrie', () => {
  test('answers as a map with linear searches does, after any sequence of sets and deletes', () => {
    const probes = fc.array(fc.tuple(prefix, fc.oneof(closeIp, anyIp)), { minLength: 4, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), probes, (changes, probed) => {
        const trie = new PrefixTrie<number>();
        const naive = new NaiveTrie();
        for (const { kind, cidr, value } of changes) {
          if (kind === 'set') {
            trie.set(cidr, value);
            naive.map.set(cidr, value);
          } else {
            expect(trie.delete(cidr)).toBe(naive.map.delete(cidr));
          }
        }
        expectSame(trie, naive, probed);
      }),
      { numRuns: 1000 },
    );
  });

  test('is empty again once everything set has been deleted, in any order', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(prefix, { maxLength: 30 })
          .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, order]) => {
          const trie = new PrefixTrie<number>();
          for (const [index, cidr] of all.entries()) trie.set(cidr, index);
          for (const cidr of order) expect(trie.delete(cidr)).toBe(true);
          expect([trie.size, trie.entries(), trie.longestMatch(asIp('192.0.2.1'))]).toEqual([0, [], null]);
          for (const cidr of order) expect(trie.delete(cidr)).toBe(false);
        },
      ),
    );
  });

  test('finds the longest of nested prefixes, and the default route when nothing else matches', () => {
    const trie = new PrefixTrie<string>();
    for (const text of ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '::/0', '2001:db8::/32', '2001:db8::1/128'])
      trie.set(asCidr(text), text);
    const match = (text: string): string | undefined => trie.longestMatch(asIp(text))?.value;
    expect(match('10.1.2.3')).toBe('10.1.2.3/32');
    expect(match('10.1.2.4')).toBe('10.1.0.0/16');
    expect(match('10.2.0.0')).toBe('10.0.0.0/8');
    expect(match('200.0.0.1')).toBe('0.0.0.0/0');
    expect(match('2001:db8::1')).toBe('2001:db8::1/128');
    expect(match('2001:db8::2')).toBe('2001:db8::/32');
    expect(match('::ffff:10.1.2.3')).toBe('::/0');
    trie.delete(asCidr('10.1.0.0/16'));
    expect(match('10.1.2.4')).toBe('10.0.0.0/8');
  });

  test('never answers for one family with a prefix of the other', () => {
    const trie = new PrefixTrie<number>();
    trie.set(asCidr('0.0.0.0/0'), 4);
    expect(trie.longestMatch(asIp('::'))).toBeNull();
    expect(trie.overlapping(asCidr('::/0'))).toEqual([]);
  });

  test('replaces a value without touching entries already handed out', () => {
    const trie = new PrefixTrie<number>();
    const cidr = asCidr('192.0.2.0/24');
    trie.set(cidr, 1);
    const before = trie.longestMatch(asIp('192.0.2.1'));
    trie.set(cidr, 2);
    expect(before).toEqual({ cidr, value: 1 });
    expect([trie.get(cidr), trie.size]).toEqual([2, 1]);
  });

  test('tells a stored undefined from a prefix that is not stored', () => {
    const trie = new PrefixTrie<undefined>();
    trie.set(asCidr('10.0.0.0/8'), undefined);
    expect([trie.size, trie.longestMatch(asIp('10.0.0.1')), trie.longestMatch(asIp('11.0.0.1'))]).toEqual([
      1,
      { cidr: '10.0.0.0/8', value: undefined },
      null,
    ]);
    expect([trie.delete(asCidr('10.0.0.0/8')), trie.delete(asCidr('10.0.0.0/8'))]).toEqual([true, false]);
  });

  test('does not take a fork between two prefixes for a stored one', () => {
    const trie = new PrefixTrie<number>();
    trie.set(asCidr('10.0.0.0/32'), 0);
    trie.set(asCidr('10.0.0.1/32'), 1);
    expect([trie.get(asCidr('10.0.0.0/31')), trie.delete(asCidr('10.0.0.0/31')), trie.size]).toEqual([undefined, false, 2]);
  });

  test('parts two prefixes at any bit of an address, and a shorter one from a longer', () => {
    for (const family of [4, 6] as const) {
      const width = family === 4 ? 32 : 128;
      const base = ipFromValue(family, (0xaaaa_5555n << BigInt(width - 32)) | 0x5555_aaaan);
      for (let bit = 0; bit < width; bit++) {
        const other = ipFromValue(family, ipValue(base) ^ (1n << BigInt(width - 1 - bit)));
        const trie = new PrefixTrie<string>();
        for (const cidr of [hostCidr(base), hostCidr(other), cidrOf(base, bit)]) trie.set(cidr, cidr);
        expect([base, other].map((ip) => trie.longestMatch(ip)?.value)).toEqual([hostCidr(base), hostCidr(other)]);
        expect(trie.delete(hostCidr(other))).toBe(true);
        expect([base, other].map((ip) => trie.longestMatch(ip)?.value)).toEqual([hostCidr(base), cidrOf(base, bit)]);
      }
    }
  });
});

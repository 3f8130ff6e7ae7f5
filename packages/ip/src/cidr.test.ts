import * as fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, test } from 'vitest';
import { anyCidr, anyIp, closeCidr, closeIp } from './arbitrary-ip.js';
import {
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
import { asIp, compareIps, familyBits, familyOf, type Ip, ipValue } from './ip.js';

const oracleOf = (cidr: Cidr): Address4 | Address6 => (familyOf(cidr) === 4 ? new Address4(cidr) : new Address6(cidr));

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'a length that is missing or not plain decimal': [
    '1.2.3.4',
    '1.2.3.4/',
    '::/',
    '1.2.3.0/+24',
    '1.2.3.0/-1',
    '1.2.3.0/024',
    '1.2.3.0/00',
    '1.2.3.0/0x18',
    '1.2.3.0/2 4',
    '1.2.3.0/1e1',
    '1.2.3.0/24.0',
    '1.2.3.0/２４',
  ],
  'a netmask in place of a length': ['1.2.3.0/255.255.255.0', 'fe80::/ffff::'],
  'a length past the family': [
    '1.2.3.4/33',
    '1.2.3.4/128',
    '1.2.3.4/999',
    '::/129',
    '::/1000',
    '::/340282366920938463463374607431768211456',
  ],
  'an address parseIp refuses': ['10.0.0.00/8', '010.0.0.0/8', '10/8', '10.0.0/24', '/24', '/', 'fe80::%1/64', ':::/0', '1.2.3.256/24'],
  'more than one slash, or space': [
    '1.2.3.0/24/24',
    '1.2.3.0//24',
    ' 1.2.3.0/24',
    '1.2.3.0/24 ',
    '1.2.3.0 /24',
    '1.2.3.0/24\n',
    '1.2.3.0/ 24',
  ],
};

describe('parseCidr', () => {
  for (const [what, texts] of Object.entries(REFUSED)) {
    test(`refuses ${what}`, () => {
      for (const text of texts) expect([text, parseCidr(text)]).toEqual([text, null]);
    });
  }

  test('clears host bits and says so', () => {
    expect(parseCidr('192.0.2.0/24')).toEqual({ cidr: '192.0.2.0/24', hostBits: false });
    expect(parseCidr('192.0.2.1/24')).toEqual({ cidr: '192.0.2.0/24', hostBits: true });
    expect(parseCidr('255.255.255.255/0')).toEqual({ cidr: '0.0.0.0/0', hostBits: true });
    expect(parseCidr('192.0.2.1/32')).toEqual({ cidr: '192.0.2.1/32', hostBits: false });
    expect(parseCidr('2001:DB8:0::/48')).toEqual({ cidr: '2001:db8::/48', hostBits: false });
    expect(parseCidr('2001:db8::1/64')).toEqual({ cidr: '2001:db8::/64', hostBits: true });
    expect(parseCidr('::/0')).toEqual({ cidr: '::/0', hostBits: false });
    expect(parseCidr('ffff::/0')).toEqual({ cidr: '::/0', hostBits: true });
    expect(parseCidr('::ffff:10.0.0.1/104')).toEqual({ cidr: '::ffff:10.0.0.0/104', hostBits: true });
  });

  test('gives back canonical text unchanged, and finds host bits exactly where an address is not the first', () => {
    fc.assert(
      fc.property(anyIp, fc.nat(128), (ip, anyLength) => {
        const length = anyLength % (familyBits(familyOf(ip)) + 1);
        const parsed = parseCidr(`${ip}/${length}`);
        const cidr = cidrOf(ip, length);
        expect(parsed).toEqual({ cidr, hostBits: cidrFirst(cidr) !== ip });
        expect(parseCidr(cidr)).toEqual({ cidr, hostBits: false });
      }),
    );
  });

  test('refuses a text of ten million characters without reading its address', () => {
    expect(parseCidr(`${'1.'.repeat(5e6)}/24`)).toBeNull();
    expect(parseCidr(`1.2.3.0/${'1'.repeat(1e7)}`)).toBeNull();
  });
});

describe('asCidr and cidrOf', () => {
  test('throw a RangeError that names what was wrong', () => {
    expect(asCidr('2001:DB8::/32')).toBe('2001:db8::/32');
    expect(() => asCidr('10.0.0.0')).toThrow(new RangeError('not a prefix: "10.0.0.0"'));
    expect(() => asCidr('10.0.0.1/8')).toThrow(new RangeError('not a prefix, host bits are set: "10.0.0.1/8"'));
    for (const length of [-1, 33, 1.5, Number.NaN]) expect(() => cidrOf(asIp('10.0.0.1'), length)).toThrow(RangeError);
    expect(() => cidrOf(asIp('::'), 129)).toThrow(RangeError);
  });

  test('a prefix cast past the type is a RangeError and not a wrong answer', () => {
    expect(() => prefixLength('10.0.0.0' as never)).toThrow(RangeError);
    expect(() => cidrContains('10.0.0.0' as never, asIp('10.0.0.0'))).toThrow(RangeError);
  });
});

describe('the parts of a prefix', () => {
  test('first, last and netmask of well-known prefixes', () => {
    const parts = (text: string): unknown[] => [
      cidrFirst(asCidr(text)),
      cidrLast(asCidr(text)),
      netmask(asCidr(text)),
      cidrSize(asCidr(text)),
    ];
    expect(parts('192.0.2.0/24')).toEqual(['192.0.2.0', '192.0.2.255', '255.255.255.0', 256n]);
    expect(parts('0.0.0.0/0')).toEqual(['0.0.0.0', '255.255.255.255', '0.0.0.0', 1n << 32n]);
    expect(parts('128.0.0.0/1')).toEqual(['128.0.0.0', '255.255.255.255', '128.0.0.0', 1n << 31n]);
    expect(parts('192.0.2.1/32')).toEqual(['192.0.2.1', '192.0.2.1', '255.255.255.255', 1n]);
    expect(parts('2001:db8::/33')).toEqual(['2001:db8::', '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:8000::', 1n << 95n]);
    expect(parts('::/0')).toEqual(['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::', 1n << 128n]);
  });

  test('are what ip-address computes', () => {
    fc.assert(
      fc.property(anyCidr, (cidr) => {
        const oracle = oracleOf(cidr);
        expect(ipValue(cidrFirst(cidr))).toBe(oracle.startAddress().bigInt());
        expect(ipValue(cidrLast(cidr))).toBe(oracle.endAddress().bigInt());
        expect(prefixLength(cidr)).toBe(oracle.subnetMask);
        expect(cidrSize(cidr)).toBe(oracle.endAddress().bigInt() - oracle.startAddress().bigInt() + 1n);
        expect(ipValue(netmask(cidr))).toBe(oracle.subnetMaskAddress().bigInt());
      }),
    );
  });
});

describe('containment', () => {
  test('a prefix contains exactly the addresses from its first to its last', () => {
    const contains = (cidr: Cidr, ip: Ip): boolean =>
      familyOf(cidr) === familyOf(ip) && compareIps(cidrFirst(cidr), ip) <= 0 && compareIps(ip, cidrLast(cidr)) <= 0;
    fc.assert(
      fc.property(closeCidr, closeIp, (cidr, ip) => {
        expect(cidrContains(cidr, ip)).toBe(contains(cidr, ip));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(anyCidr, anyIp, (cidr, ip) => {
        expect(cidrContains(cidr, ip)).toBe(contains(cidr, ip));
        expect(cidrContains(cidr, cidrFirst(cidr)) && cidrContains(cidr, cidrLast(cidr))).toBe(true);
      }),
    );
  });

  test('a prefix contains another exactly when it contains its first and last address', () => {
    fc.assert(
      fc.property(closeCidr, closeCidr, (outer, inner) => {
        expect(cidrContains(outer, inner)).toBe(cidrContains(outer, cidrFirst(inner)) && cidrContains(outer, cidrLast(inner)));
        expect(cidrContains(outer, hostCidr(cidrFirst(inner)))).toBe(cidrContains(outer, cidrFirst(inner)));
      }),
      { numRuns: 2000 },
    );
  });

  test('agrees with ip-address', () => {
    fc.assert(
      fc.property(closeCidr, closeCidr, (outer, inner) => {
        fc.pre(familyOf(outer) === familyOf(inner));
        const a = oracleOf(outer);
        const b = oracleOf(inner);
        expect(cidrContains(outer, inner)).toBe(a instanceof Address4 ? b.isInSubnet(a) : b.isInSubnet(a));
      }),
      { numRuns: 2000 },
    );
  });

  test('overlap is symmetric, and means a shared address', () => {
    fc.assert(
      fc.property(closeCidr, closeCidr, (a, b) => {
        const shared =
          familyOf(a) === familyOf(b) && compareIps(cidrFirst(a), cidrLast(b)) <= 0 && compareIps(cidrFirst(b), cidrLast(a)) <= 0;
        expect(cidrsOverlap(a, b)).toBe(shared);
        expect(cidrsOverlap(b, a)).toBe(shared);
      }),
      { numRuns: 2000 },
    );
  });

  test('the whole of IPv4 contains no IPv6 address, mapped ones included', () => {
    expect(cidrContains(asCidr('0.0.0.0/0'), asIp('::ffff:10.0.0.1'))).toBe(false);
    expect(cidrContains(asCidr('::/0'), asIp('10.0.0.1'))).toBe(false);
    expect(cidrContains(asCidr('::/0'), asIp('::ffff:10.0.0.1'))).toBe(true);
  });
});

describe('compareCidrs', () => {
  test('orders IPv4 first, then by address, then the containing prefix first', () => {
    const sorted = [
      '0.0.0.0/0',
      '9.0.0.0/8',
      '10.0.0.0/8',
      '10.0.0.0/24',
      '10.0.0.0/32',
      '10.0.0.1/32',
      '200.0.0.0/8',
      '::/0',
      '::/128',
      '2001:db8::/32',
      '2001:db8::/64',
      'fe80::/10',
    ].map(asCidr);
    expect(sorted.toReversed().sort(compareCidrs)).toEqual(sorted);
  });
});

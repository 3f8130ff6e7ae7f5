import { isIPv4, isIPv6 } from 'node:net';
import * as fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, test } from 'vitest';
import { anyIp, ip4, ip6 } from './arbitrary-ip.js';
import { asIp, compareIps, familyOf, ipFromValue, ipValue, nextIp, offsetIp, parseIp } from './ip.js';

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'nothing, or space': ['', ' ', ' 1.2.3.4', '1.2.3.4 ', '1.2.3.4\n', '1. 2.3.4', '\t::1', '::1 ', ':: 1'],
  'octal, hexadecimal, signs and exponents': [
    '010.0.0.1',
    '1.2.3.04',
    '00.0.0.0',
    '0x7f.0.0.1',
    '0x7f000001',
    '+1.2.3.4',
    '1.2.3.-4',
    '1e1.2.3.4',
  ],
  'short and long IPv4': ['1', '1.2', '1.2.3', '1.2.3.4.5', '2130706433', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.4.', '...'],
  'octets past 255': ['256.0.0.1', '1.2.3.256', '1.2.3.999', '1.2.3.4294967297', '99999999999.1.1.1'],
  'broken IPv6': [
    ':',
    ':::',
    '::::',
    '1:::2',
    '1::2::3',
    ':1',
    '1:',
    ':1::',
    '1::2:',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
  ],
  'a :: that stands for nothing': [
    '1:2:3:4:5:6:7::8',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8::',
    '1:2:3:4:5:6::1.2.3.4',
    '::1:2:3:4:5:6:7:1.2.3.4',
  ],
  'groups past four digits': ['12345::', '::00001', '::fffff'],
  'letters past f': ['::g', 'fe80::xyz', 'a.b.c.d'],
  'misplaced or bad quads in IPv6': [
    '::1.2.3',
    '::01.2.3.4',
    '::256.1.1.1',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3.4.5',
    '::ffff:0x1.2.3.4',
    '::.1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
  ],
  'zones, brackets, ports, lengths': ['fe80::1%eth0', 'fe80::1%', '[::1]', '1.2.3.4:80', '1.2.3.4/32', '::1/128'],
  'digits outside ASCII': ['１.2.3.4', '1.2.3.٤', '::１', '1。2。3。4', '²5.1.1.1', '::\uff41', '1.2.3.4\u0000', '\ufeff1.2.3.4'],
};

const SPELLINGS: ReadonlyArray<readonly [string, string]> = [
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['192.0.2.10', '192.0.2.10'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
  ['2001:DB8::A', '2001:db8::a'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['1:0:0:2::', '1:0:0:2::'],
  ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
  ['::FFFF:102:304', '::ffff:1.2.3.4'],
  ['0:0:0:0:0:ffff:0:0', '::ffff:0.0.0.0'],
  ['::1.2.3.4', '::102:304'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
];

describe('parseIp', () => {
  for (const [what, texts] of Object.entries(REFUSED)) {
    test(`refuses ${what}`, () => {
      for (const text of texts) expect([text, parseIp(text)]).toEqual([text, null]);
    });
  }

  test('writes every spelling of an address in the one form of RFC 5952', () => {
    for (const [text, canonical] of SPELLINGS) expect([text, parseIp(text)]).toEqual([text, canonical]);
  });

  test('refuses a text of ten million characters without reading it', () => {
    for (const text of ['1'.repeat(1e7), '1.'.repeat(5e6), '0:'.repeat(5e6), ':'.repeat(1e7), `1.2.3.4${' '.repeat(1e7)}`]) {
      expect(parseIp(text)).toBeNull();
    }
  });

  test('agrees with the system reader and with ip-address on what looks like an address', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      '00',
      '01',
      '9',
      '25',
      '255',
      '256',
      'f',
      'ffff',
      'FFFF',
      '10000',
      '.',
      '.',
      '.',
      ':',
      ':',
      ':',
      '::',
      ' ',
      '1.2.3.4',
      '-',
      '%',
      '/',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 18 }).map((pieces) => pieces.join('')),
        (text) => {
          // The system reader takes a zone id; ours never does.
          const zoned = text.includes('%');
          const ip = parseIp(text);
          expect(ip !== null).toBe(!zoned && (isIPv4(text) || isIPv6(text)));
          if (ip === null) return;
          expect(ipValue(ip)).toBe(familyOf(ip) === 4 ? new Address4(text).bigInt() : new Address6(text).bigInt());
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test('gives back canonical text unchanged', () => {
    fc.assert(
      fc.property(anyIp, (ip) => {
        expect(parseIp(ip)).toBe(ip);
      }),
    );
  });

  test('reads every spelling of an IPv6 address as the same address', () => {
    fc.assert(
      fc.property(ip6, (ip) => {
        const oracle = new Address6(ip);
        const quad = `${oracle.canonicalForm().slice(0, 30)}${ipFromValue(4, ipValue(ip) & 0xff_ff_ff_ffn)}`;
        for (const text of [oracle.canonicalForm(), oracle.canonicalForm().toUpperCase(), oracle.correctForm(), quad]) {
          expect([text, parseIp(text)]).toEqual([text, ip]);
        }
      }),
    );
  });

  test('writes IPv6 as ip-address and the URL standard do, but for the quad of mapped addresses', () => {
    fc.assert(
      fc.property(
        ip6.filter((ip) => !ip.startsWith('::ffff:')),
        (ip) => {
          expect(ip).toBe(new Address6(ip).correctForm());
          expect(`[${ip}]`).toBe(new URL(`http://[${ip}]/`).hostname);
        },
      ),
    );
  });
});

describe('asIp', () => {
  test('throws a RangeError that names the text, cut to a readable length', () => {
    expect(asIp('2001:DB8::1')).toBe('2001:db8::1');
    expect(() => asIp('1.2.3')).toThrow(new RangeError('not an IP address: "1.2.3"'));
    expect(() => asIp('x'.repeat(1e6))).toThrow(/^not an IP address: "x{64}…"$/);
  });
});

describe('an address as a number', () => {
  test('is what ip-address computes, and comes back as the same address', () => {
    fc.assert(
      fc.property(anyIp, (ip) => {
        expect(ipValue(ip)).toBe(familyOf(ip) === 4 ? new Address4(ip).bigInt() : new Address6(ip).bigInt());
        expect(ipFromValue(familyOf(ip), ipValue(ip))).toBe(ip);
      }),
    );
  });

  test('outside the family is a RangeError', () => {
    expect(() => ipFromValue(4, -1n)).toThrow(RangeError);
    expect(() => ipFromValue(4, 1n << 32n)).toThrow(RangeError);
    expect(() => ipFromValue(6, -1n)).toThrow(RangeError);
    expect(() => ipFromValue(6, 1n << 128n)).toThrow(RangeError);
  });

  test('of text that is not an address, cast past the type, is a RangeError and not a wrong answer', () => {
    expect(() => ipValue('1.2.3.04' as never)).toThrow(RangeError);
    expect(() => compareIps('fe80::%1' as never, asIp('::'))).toThrow(RangeError);
  });
});

describe('compareIps', () => {
  test('orders numerically within a family, and IPv4 before IPv6', () => {
    const sorted = [
      '0.0.0.0',
      '2.0.0.0',
      '10.0.0.0',
      '127.255.255.255',
      '128.0.0.0',
      '255.255.255.255',
      '::',
      '::2',
      '::10',
      '::ffff:0.0.0.1',
      '7fff::',
      '8000::',
      'ffff::',
    ].map(asIp);
    expect(sorted.toReversed().sort(compareIps)).toEqual(sorted);
  });

  test('has the sign of the difference of the numbers', () => {
    for (const family of [ip4, ip6]) {
      fc.assert(
        fc.property(family, family, (a, b) => {
          const difference = ipValue(a) - ipValue(b);
          expect(Math.sign(compareIps(a, b))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
        }),
      );
    }
  });
});

describe('nextIp and offsetIp', () => {
  test('step across octets and groups, and end at the ends of the family', () => {
    expect(nextIp(asIp('192.0.2.255'))).toBe('192.0.3.0');
    expect(nextIp(asIp('127.255.255.255'))).toBe('128.0.0.0');
    expect(nextIp(asIp('2001:db8::ffff:ffff:ffff:ffff'))).toBe('2001:db8:0:1::');
    expect(nextIp(asIp('255.255.255.255'))).toBeNull();
    expect(nextIp(asIp('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))).toBeNull();
    expect(offsetIp(asIp('10.0.0.0'), -1n)).toBe('9.255.255.255');
    expect(offsetIp(asIp('0.0.0.0'), -1n)).toBeNull();
    expect(offsetIp(asIp('::'), -1n)).toBeNull();
    expect(offsetIp(asIp('255.255.255.255'), 1n)).toBeNull();
    expect(offsetIp(asIp('::'), 1n << 64n)).toBe('0:0:0:1::');
  });

  test('nextIp is an offset of one, and the way back is an offset of minus one', () => {
    fc.assert(
      fc.property(anyIp, (ip) => {
        const next = nextIp(ip);
        expect(next).toBe(offsetIp(ip, 1n));
        if (next !== null) expect(offsetIp(next, -1n)).toBe(ip);
      }),
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyMac } from './arbitrary-ip.js';
import { asMac, macBytes, macFromBytes, parseMac } from './mac.js';

describe('parseMac', () => {
  test('takes either case and either separator, and writes lower case with colons', () => {
    for (const text of ['fa:16:3e:0a:bc:de', 'FA:16:3E:0A:BC:DE', 'fa-16-3e-0a-bc-de', 'FA-16-3e-0A-bc-DE']) {
      expect(parseMac(text)).toBe('fa:16:3e:0a:bc:de');
    }
  });

  test('refuses every other form', () => {
    const texts = [
      '',
      'fa:16:3e:0a:bc',
      'fa:16:3e:0a:bc:de:f0',
      'fa16.3e0a.bcde',
      'fa163e0abcde',
      'f:16:3e:0a:bc:de',
      'fa:16-3e:0a-bc:de',
      'ga:16:3e:0a:bc:de',
      'fa:16:3e:0a:bc:de\n',
      ' fa:16:3e:0a:bc:de',
      'fa 16 3e 0a bc de',
      'fa::16:3e:0a:bc:d',
      'fa:16:3e:0a:bc:１e',
      '０a:16:3e:0a:bc:de',
      'a'.repeat(1e7),
    ];
    for (const text of texts) expect(parseMac(text)).toBeNull();
  });

  test('as asMac, throws a RangeError that names the text', () => {
    expect(asMac('FA-16-3E-00-00-01')).toBe('fa:16:3e:00:00:01');
    expect(() => asMac('fa163e')).toThrow(new RangeError('not a MAC address: "fa163e"'));
  });
});

describe('the octets of a MAC', () => {
  test('go out and come back as the same MAC', () => {
    expect(macBytes(asMac('00:16:3e:0a:bc:ff'))).toEqual([0, 0x16, 0x3e, 0x0a, 0xbc, 0xff]);
    fc.assert(
      fc.property(anyMac, (mac) => {
        expect(macFromBytes(macBytes(mac))).toBe(mac);
        expect(macFromBytes(Uint8Array.from(macBytes(mac)))).toBe(mac);
        expect(parseMac(mac)).toBe(mac);
      }),
    );
  });

  test('are six integers of 0..255, or a RangeError', () => {
    for (const bytes of [[], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 256], [1, 2, 3, 4, 5, -1], [1, 2, 3, 4, 5, 0.5]]) {
      expect(() => macFromBytes(bytes)).toThrow(RangeError);
    }
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyMac, ip6 } from './arbitrary-ip.js';
import { asCidr, cidrContains, cidrOf } from './cidr.js';
import { eui64, linkLocalFor } from './eui64.js';
import { ipValue } from './ip.js';
import { asMac, macFromBytes } from './mac.js';

describe('eui64', () => {
  test('is the example of RFC 2464, and what Linux gives a Nova interface', () => {
    expect(linkLocalFor(asMac('34:56:78:9a:bc:de'))).toBe('fe80::3656:78ff:fe9a:bcde');
    expect(eui64(asCidr('2001:db8:1:2::/64'), asMac('fa:16:3e:0a:0b:0c'))).toBe('2001:db8:1:2:f816:3eff:fe0a:b0c');
    expect(eui64(asCidr('2001:db8::/64'), asMac('ff:ff:ff:ff:ff:ff'))).toBe('2001:db8::fdff:ffff:feff:ffff');
    expect(eui64(asCidr('::/64'), asMac('02:00:00:00:00:00'))).toBe('::ff:fe00:0');
  });

  test('lies in its prefix and gives the MAC back', () => {
    fc.assert(
      fc.property(ip6, anyMac, (ip, mac) => {
        const prefix = cidrOf(ip, 64);
        const address = eui64(prefix, mac);
        expect(cidrContains(prefix, address)).toBe(true);
        const byteAt = (shift: bigint): number => Number((ipValue(address) >> shift) & 0xffn);
        expect(macFromBytes([byteAt(56n) ^ 2, byteAt(48n), byteAt(40n), byteAt(16n), byteAt(8n), byteAt(0n)])).toBe(mac);
      }),
    );
  });

  test('in a prefix that is not an IPv6 /64 is a RangeError', () => {
    for (const text of ['2001:db8::/63', '2001:db8::/65', '::/0', '::1/128', '10.0.0.0/8']) {
      expect(() => eui64(asCidr(text), asMac('fa:16:3e:00:00:01'))).toThrow(RangeError);
    }
  });
});

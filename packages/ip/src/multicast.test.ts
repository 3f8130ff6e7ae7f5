import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip6 } from './arbitrary-ip.js';
import { asCidr, cidrContains } from './cidr.js';
import { asIp, ipValue } from './ip.js';
import { multicastMac, solicitedNode } from './multicast.js';

describe('solicitedNode', () => {
  test('is the example of RFC 4291', () => {
    expect(solicitedNode(asIp('4037::01:800:200e:8c6c'))).toBe('ff02::1:ff0e:8c6c');
    expect(solicitedNode(asIp('2001:db8::'))).toBe('ff02::1:ff00:0');
  });

  test('keeps the last 24 bits, in ff02::1:ff00:0/104', () => {
    fc.assert(
      fc.property(ip6, (ip) => {
        expect(cidrContains(asCidr('ff02::1:ff00:0/104'), solicitedNode(ip))).toBe(true);
        expect(ipValue(solicitedNode(ip)) & 0xff_ff_ffn).toBe(ipValue(ip) & 0xff_ff_ffn);
      }),
    );
  });

  test('of an IPv4 address is a RangeError', () => {
    expect(() => solicitedNode(asIp('192.0.2.1'))).toThrow(RangeError);
  });
});

describe('multicastMac', () => {
  test('is the Ethernet group of well-known addresses; IPv4 loses the top bit of its second octet', () => {
    expect(multicastMac(asIp('224.0.0.1'))).toBe('01:00:5e:00:00:01');
    expect(multicastMac(asIp('239.255.255.250'))).toBe('01:00:5e:7f:ff:fa');
    expect(multicastMac(asIp('ff02::1'))).toBe('33:33:00:00:00:01');
    expect(multicastMac(asIp('ff02::1:2'))).toBe('33:33:00:01:00:02');
    expect(multicastMac(solicitedNode(asIp('fe80::f816:3eff:fe9a:bcde')))).toBe('33:33:ff:9a:bc:de');
  });

  test('of an address that is no group is a RangeError', () => {
    for (const text of ['192.0.2.1', '255.255.255.255', '2001:db8::1']) expect(() => multicastMac(asIp(text))).toThrow(RangeError);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSeenPacket } from './seen-packet.js';

const [IPV4, ARP, IPV6] = [0x0800, 0x0806, 0x86dd];
const bytes = (...hex: readonly string[]): Uint8Array =>
  Uint8Array.from(hex.join('').replaceAll(' ', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const v4 = (protocol: string, offset = '0000'): string => `45000054 0001${offset} 40${protocol}0000 0a410009 0a410002`;
const v6 = (next: string): string => `60000000 0020 ${next}40 20010db8006500000000000000000009 20010db8006500000000000000000002`;
const PORTS = '9d80 0016';
const TCP_SYN = `${PORTS} 00000001 00000000 5002 ffff 0000 0000`;
const ends4 = { kind: 'ip', source: '10.65.0.9', destination: '10.65.0.2', length: 84 };
const ends6 = { kind: 'ip', source: '2001:db8:65::9', destination: '2001:db8:65::2', length: 72 };
const NONE = { sport: null, dport: null, icmp: null, tcpFlags: null };

describe('the headers of a packet', () => {
  it.each([
    ['TCP', IPV4, [v4('06'), TCP_SYN], { ...ends4, protocol: 6, sport: 40_320, dport: 22, icmp: null, tcpFlags: 2 }],
    [
      'UDP behind IPv4 options',
      IPV4,
      [v4('11').replace('45', '46'), '01010101', PORTS],
      { ...ends4, ...NONE, protocol: 17, sport: 40_320, dport: 22 },
    ],
    ['a ping', IPV4, [v4('01'), '0800 0000'], { ...ends4, ...NONE, protocol: 1, icmp: { type: 8, code: 0 } }],
    ['a later fragment', IPV4, [v4('06', '00b9'), TCP_SYN], { ...ends4, ...NONE, protocol: 6 }],
    ['TCP without its flags', IPV4, [v4('06'), PORTS], { ...ends4, ...NONE, protocol: 6, sport: 40_320, dport: 22 }],
    ['a protocol without ports', IPV4, [v4('32'), TCP_SYN], { ...ends4, ...NONE, protocol: 50 }],
    ['ICMP of the other family', IPV4, [v4('3a'), '8000 0000'], { ...ends4, ...NONE, protocol: 58 }],
    ['IPv6', IPV6, [v6('3a'), '8000 0000'], { ...ends6, ...NONE, protocol: 58, icmp: { type: 128, code: 0 } }],
    [
      'extension headers',
      IPV6,
      [v6('00'), '3c00000000000000', '1100000000000000', PORTS],
      { ...ends6, ...NONE, protocol: 17, sport: 40_320, dport: 22 },
    ],
    [
      'the first fragment of IPv6',
      IPV6,
      [v6('2c'), '1100000100000000', PORTS],
      { ...ends6, ...NONE, protocol: 17, sport: 40_320, dport: 22 },
    ],
    ['a later one', IPV6, [v6('2c'), '1100000900000000', PORTS], { ...ends6, ...NONE, protocol: 17 }],
  ] as const)('say %s', (_, etherType, parts, expected) => {
    expect(readSeenPacket(etherType, bytes(...parts))).toEqual(expected);
  });

  it('of ARP say who speaks for whom', () => {
    const arp = bytes('0001 0800 06 04 0001', 'fa163e000001', '0a410009', '000000000000', '0a410002');
    const expected = { kind: 'arp', operation: 1, senderMac: 'fa:16:3e:00:00:01', sender: '10.65.0.9', target: '10.65.0.2' };
    expect(readSeenPacket(ARP, arp)).toEqual(expected);
    expect(readSeenPacket(ARP, arp.subarray(0, 27))).toEqual({ kind: 'other', etherType: ARP });
  });

  it('that are cut short, of another version or another EtherType are told as no more than that', () => {
    for (const [etherType, part] of [
      [IPV4, v4('06').slice(0, 38)],
      [IPV4, v6('06')],
      [IPV4, v4('06').replace('45', '44')],
      [IPV6, v4('06')],
      [0x88cc, v4('06')],
    ] as const)
      expect(readSeenPacket(etherType, bytes(part))).toEqual({ kind: 'other', etherType });
  });

  it('can be anything: reading neither throws nor says what is not a number or an address', () => {
    const start = fc.constantFrom([], [...bytes(v4('06'))], [...bytes(v6('00'))], [...bytes(v6('2c'))], [...bytes('0001 0800 06 04')]);
    fc.assert(
      fc.property(fc.constantFrom(IPV4, ARP, IPV6, 0x88cc), start, fc.uint8Array({ maxLength: 128 }), (etherType, head, rest) => {
        const text = JSON.stringify(readSeenPacket(etherType, Uint8Array.from([...head, ...rest])));
        expect(text).toMatch(/^[\x20-\x7E]+$/);
        expect(text).not.toContain('NaN');
      }),
    );
  });
});

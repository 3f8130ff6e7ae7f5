import { asIp } from '@manx/ip';
import { expect, it } from 'vitest';
import { frameOf, type ProbePacket, protocols, readFrame, roles } from './probe-packet.js';

const macs = { from: 'fa:16:3e:00:00:01', to: 'fe:16:3e:00:00:01' };
const ends = {
  4: { source: asIp('10.77.0.10'), destination: asIp('203.0.113.10') },
  6: { source: asIp('fd77::10'), destination: asIp('2001:db8:ffff::10') },
} as const;

it.each([
  [4, protocols.tcp, 443, 0],
  [4, protocols.udp, 53, 0],
  [4, protocols.icmp, 0, 13],
  [6, protocols.tcp, 65_535, 0],
  [6, protocols.udp, 1, 0],
  [6, protocols.icmp6, 0, 128],
] as const)('a probe is read as it was written: IPv%i, protocol %i', (family, protocol, dport, icmpType) => {
  for (const role of [roles.first, roles.answer]) {
    const packet: ProbePacket = { role, number: 0xfedcba98, ...ends[family], protocol, sport: 61_234, dport, icmpType };
    expect(readFrame(frameOf(packet, macs))).toEqual(packet);
  }
});

it('what is no probe is none', () => {
  const frame = frameOf({ role: roles.first, number: 1, ...ends[4], protocol: protocols.udp, sport: 1, dport: 2, icmpType: 0 }, macs);
  expect(readFrame(frame.slice(0, 45))).toBeNull();
  expect(readFrame(new Uint8Array(0))).toBeNull();
  const arp = frame.slice();
  arp[13] = 6;
  expect(readFrame(arp)).toBeNull();
});

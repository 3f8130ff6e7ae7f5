import { readSeenPacket } from '@manx/hoststate';
import { asIp, asMac } from '@manx/ip';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { internetChecksum } from '../frames/internet-checksum.js';
import { ipBytes } from '../netlink/ip-bytes.js';
import { traceFrame } from './trace-frame.js';

const MACS = { from: asMac('fa:16:3e:00:00:01'), to: asMac('fe:16:3e:00:00:01') };
const word = fc.integer({ min: 1, max: 65_535 });
const byte = fc.integer({ min: 1, max: 254 });
const v4 = byte.map((last) => asIp(`10.65.0.${last}`));
const v6 = byte.map((last) => asIp(`2001:db8::${last.toString(16)}`));
const packets = fc.constantFrom(1, 6, 17, 58).chain((protocol) => {
  const ip = protocol === 1 ? v4 : protocol === 58 ? v6 : fc.constantFrom(v4, v6).chain((one) => one);
  return fc
    .record({ source: ip, destination: ip, mark: word, port: protocol === 6 || protocol === 17 ? word : fc.constant(null) })
    .filter(({ source, destination }) => source.includes(':') === destination.includes(':'))
    .map((rest) => ({ ...rest, protocol }));
});

it('a frame says what it was made of, and its checksums hold', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const frame = traceFrame(packet, MACS);
      const isV4 = !packet.source.includes(':');
      const bytes = frame.subarray(14);
      const { protocol, source, destination, mark, port } = packet;
      expect(frame.subarray(0, 12).toString('hex')).toBe('fe163e000001fa163e000001');
      const seen = readSeenPacket(frame.readUInt16BE(12), bytes);
      const isPing = port === null;
      expect(seen).toMatchObject({
        source,
        destination,
        protocol,
        sport: isPing ? null : mark,
        dport: port,
        icmp: isPing ? { type: isV4 ? 8 : 128, code: 0 } : null,
        tcpFlags: protocol === 6 ? 2 : null,
        length: bytes.length,
      });
      const payload = bytes.subarray(isV4 ? 20 : 40);
      if (isPing) expect(payload.readUInt16BE(4)).toBe(mark);
      if (isV4) expect(internetChecksum(bytes.subarray(0, 20))).toBe(0);
      const pseudo = Buffer.from([0, 0, 0, payload.length, 0, 0, 0, protocol]);
      const covered = protocol === 1 ? payload : Buffer.concat([ipBytes(source), ipBytes(destination), pseudo, payload]);
      expect(internetChecksum(covered)).toBe(0);
    }),
  );
});

import { familyOf, type Ip, type Mac } from '@manx/ip';
import { ethernetHeader } from '../frames/ethernet-header.js';
import { internetChecksum } from '../frames/internet-checksum.js';
import { ipBytes } from '../netlink/ip-bytes.js';

/** The first packet of a flow, as an instance would send it. */
export type TracePacket = {
  readonly protocol: 1 | 6 | 17 | 58;
  readonly source: Ip;
  readonly destination: Ip;
  /** The sender's port, or the identifier of the echo. */
  readonly mark: number;
  /** The destination's; null for a ping. */
  readonly port: number | null;
};

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const TTL = 64;
const SYN = 0x02;
const ECHO = { 1: 8, 58: 128 } as const;
/** What a datagram and an echo carry, so that whoever finds one in a capture knows what it is. */
const WORDS = Buffer.from('manx trace      ');

/**
 * The whole frame: a SYN, a datagram or an echo request, of an instance with the MAC `from` to its host's side of the tap, `to`. Addresses must be of one
 * family, the ICMP that of it.
 */
export const traceFrame = (packet: TracePacket, { from, to }: { readonly from: Mac; readonly to: Mac }): Buffer => {
  const payload = payloadOf(packet);
  const isV4 = familyOf(packet.source) === 4;
  return Buffer.concat([
    ethernetHeader(to, from, isV4 ? 0x0800 : 0x86dd),
    isV4 ? v4Header(packet, payload) : v6Header(packet, payload),
    payload,
  ]);
};

/** RFC 791, section 3.1: not to be put into fragments. */
const v4Header = ({ protocol, source, destination }: TracePacket, payload: Buffer): Buffer => {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt16BE(0x4000, 6);
  header.writeUInt8(TTL, 8);
  header.writeUInt8(protocol, 9);
  ipBytes(source).copy(header, 12);
  ipBytes(destination).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return header;
};

/** RFC 8200, section 3. */
const v6Header = ({ protocol, source, destination }: TracePacket, payload: Buffer): Buffer => {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(protocol, 6);
  header.writeUInt8(TTL, 7);
  ipBytes(source).copy(header, 8);
  ipBytes(destination).copy(header, 24);
  return header;
};

/** Each with its checksum, which but for ICMP of IPv4 covers the addresses as well (RFC 9293, section 3.1; RFC 8200, section 8.1). */
const payloadOf = (packet: TracePacket): Buffer => {
  const { protocol, source, destination } = packet;
  const [bytes, at] = bareOf(packet);
  const length = Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, protocol]);
  const covered = protocol === ICMP ? [bytes] : [ipBytes(source), ipBytes(destination), length, bytes];
  const sum = internetChecksum(Buffer.concat(covered));
  // A datagram with a sum of 0 says that it has none (RFC 768).
  bytes.writeUInt16BE(protocol === UDP && sum === 0 ? 0xffff : sum, at);
  return bytes;
};

/** What comes after the IP header without its checksum, and where that is. */
const bareOf = ({ protocol, mark, port }: TracePacket): readonly [Buffer, number] => {
  switch (protocol) {
    case TCP: {
      const segment = Buffer.alloc(20);
      segment.writeUInt16BE(mark, 0);
      segment.writeUInt16BE(port ?? 0, 2);
      segment.writeUInt32BE(mark * 0x1_00_01, 4);
      segment.writeUInt8(0x50, 12);
      segment.writeUInt8(SYN, 13);
      segment.writeUInt16BE(0xfaf0, 14);
      return [segment, 16];
    }
    case UDP: {
      const header = Buffer.alloc(8);
      header.writeUInt16BE(mark, 0);
      header.writeUInt16BE(port ?? 0, 2);
      header.writeUInt16BE(header.length + WORDS.length, 4);
      return [Buffer.concat([header, WORDS]), 6];
    }
    case ICMP:
    case ICMPV6: {
      const header = Buffer.alloc(8);
      header.writeUInt8(ECHO[protocol], 0);
      header.writeUInt16BE(mark, 4);
      header.writeUInt16BE(1, 6);
      return [Buffer.concat([header, WORDS]), 2];
    }
    default:
      return protocol satisfies never;
  }
};

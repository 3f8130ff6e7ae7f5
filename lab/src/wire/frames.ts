import { familyOf, type Ip, ipValue, type Mac, macBytes } from '@manx/ip';

/**
 * Frames and packets built by hand, byte for byte, honest or forged: what a hostile instance would write to a raw socket.
 * Every function returns whole bytes with correct lengths and checksums, so that nothing but the lie under test is wrong.
 */

/** Parts joined to one run of bytes. */
export const concat = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 65_535)];

/** An address in network byte order: 4 bytes or 16. */
export const ipBytes = (ip: Ip): Uint8Array => {
  const length = familyOf(ip) === 4 ? 4 : 16;
  const bytes = new Uint8Array(length);
  let value = ipValue(ip);
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = Number(value & 255n);
    value >>= 8n;
  }
  return bytes;
};

/** The Internet checksum (RFC 1071). */
const checksum = (bytes: Uint8Array): number => {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 65_535) sum = (sum & 65_535) + (sum >>> 16);
  return ~sum & 65_535;
};

const withChecksum = (bytes: Uint8Array, offset: number, pseudo: Uint8Array): Uint8Array => {
  const sum = checksum(concat(pseudo, bytes));
  const sealed = bytes.slice();
  sealed.set(u16(sum), offset);
  return sealed;
};

/** The pseudo-header of RFC 768 and RFC 793 (v4) or RFC 8200 section 8.1 (v6). */
const pseudoHeader = (source: Ip, destination: Ip, next: { readonly protocol: number; readonly length: number }): Uint8Array =>
  familyOf(source) === 4
    ? concat(ipBytes(source), ipBytes(destination), [0, next.protocol], u16(next.length))
    : concat(ipBytes(source), ipBytes(destination), u32(next.length), [0, 0, 0, next.protocol]);

/** EtherType numbers (IEEE 802). */
export const etherTypes = { ip: 0x0800, arp: 0x0806, rarp: 0x8035, ip6: 0x86dd } as const;

/** An Ethernet II frame, without padding or check sequence. */
export const ethernet = (destination: Mac, source: Mac, inner: { readonly type: number; readonly payload: Uint8Array }): Uint8Array =>
  concat(macBytes(destination), macBytes(source), u16(inner.type), inner.payload);

/** An ARP packet for IPv4 over Ethernet (RFC 826): operation 1 asks, 2 answers; 3 asks in RARP (RFC 903). */
export const arp = (packet: {
  readonly operation: 1 | 2 | 3;
  readonly senderMac: Mac;
  readonly senderIp: Ip;
  readonly targetMac: Mac;
  readonly targetIp: Ip;
}): Uint8Array =>
  concat(
    [0, 1, 8, 0, 6, 4, 0, packet.operation],
    macBytes(packet.senderMac),
    ipBytes(packet.senderIp),
    macBytes(packet.targetMac),
    ipBytes(packet.targetIp),
  );

/** What an IP packet carries and between whom; `hops` is the TTL or hop limit. */
export type IpPacket = {
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: number;
  readonly hops?: number;
  /** IPv4 only: header options, whole words of 4 bytes. */
  readonly options?: Uint8Array;
  /** IPv4 only: which part of a datagram this is; `offset` in bytes, a multiple of 8. */
  readonly fragment?: { readonly id: number; readonly offset: number; readonly hasMore: boolean };
  readonly payload: Uint8Array;
};

/** An IPv4 or IPv6 packet (RFC 791, RFC 8200), by the family of its source; extension headers are what it carries, see `extension-headers.ts`. */
export const ip = (packet: IpPacket): Uint8Array => {
  const hops = packet.hops ?? 64;
  if (familyOf(packet.source) === 6) {
    return concat(
      [0x60, 0, 0, 0],
      u16(packet.payload.length),
      [packet.protocol, hops],
      ipBytes(packet.source),
      ipBytes(packet.destination),
      packet.payload,
    );
  }
  const { options = new Uint8Array(0), fragment } = packet;
  const part = fragment === undefined ? 0x4000 : (fragment.hasMore ? 0x2000 : 0) | (fragment.offset >> 3);
  const header = concat(
    [0x45 + options.length / 4, 0],
    u16(20 + options.length + packet.payload.length),
    u16(fragment?.id ?? 0),
    u16(part),
    [hops, packet.protocol, 0, 0],
    ipBytes(packet.source),
    ipBytes(packet.destination),
    options,
  );
  header.set(u16(checksum(header)), 10);
  return concat(header, packet.payload);
};

/** The ends of a transport packet. */
export type Ends = { readonly source: Ip; readonly destination: Ip; readonly sport: number; readonly dport: number };

/** A UDP datagram (RFC 768). */
export const udp = (ends: Ends, data: Uint8Array): Uint8Array => {
  const length = 8 + data.length;
  const datagram = concat(u16(ends.sport), u16(ends.dport), u16(length), [0, 0], data);
  return withChecksum(datagram, 6, pseudoHeader(ends.source, ends.destination, { protocol: 17, length }));
};

/** Where a TCP segment stands: its sequence number (1 unless told), and what it acknowledges (0 unless told). */
export type SegmentPlace = { readonly sequence?: number; readonly acknowledgement?: number };

/** A TCP segment without options (RFC 9293): flags as in the header, SYN 2, RST 4, ACK 16. */
export const tcp = (ends: Ends & SegmentPlace, flags: number, data: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const numbers = concat(u32(ends.sequence ?? 1), u32(ends.acknowledgement ?? 0));
  const segment = concat(u16(ends.sport), u16(ends.dport), numbers, [0x50, flags], u16(65_535), [0, 0, 0, 0], data);
  return withChecksum(segment, 16, pseudoHeader(ends.source, ends.destination, { protocol: 6, length: segment.length }));
};

/** An ICMP message (RFC 792): an echo request has type 8, and its body is identifier and sequence number. */
export const icmp = (message: { readonly type: number; readonly code: number; readonly body: Uint8Array }): Uint8Array =>
  withChecksum(concat([message.type, message.code, 0, 0], message.body), 2, new Uint8Array(0));

/** An ICMPv6 message (RFC 4443) with its checksum. */
export const icmp6 = (
  ends: { readonly source: Ip; readonly destination: Ip },
  message: { readonly type: number; readonly code: number; readonly body: Uint8Array },
): Uint8Array => {
  const bytes = concat([message.type, message.code, 0, 0], message.body);
  return withChecksum(bytes, 2, pseudoHeader(ends.source, ends.destination, { protocol: 58, length: bytes.length }));
};

/** The body of a neighbour solicitation (RFC 4861, 4.3) with its source link-layer option, which one from `::` must not have. */
export const neighbourSolicitationBody = (target: Ip, mac: Mac | null): Uint8Array =>
  concat([0, 0, 0, 0], ipBytes(target), mac === null ? [] : [1, 1, ...macBytes(mac)]);

/** The body of a redirect (RFC 4861, 4.5): packets for `destination` had better go to `target`. */
export const redirectBody = (target: Ip, destination: Ip): Uint8Array => concat([0, 0, 0, 0], ipBytes(target), ipBytes(destination));

/** The body of an unsolicited neighbour advertisement that overrides (RFC 4861, 4.4), with its target link-layer option. */
export const neighbourAdvertisementBody = (target: Ip, mac: Mac): Uint8Array =>
  concat([0x20, 0, 0, 0], ipBytes(target), [2, 1], macBytes(mac));

/** An unknown option of neighbour discovery, which its receivers pass over (RFC 4861, 4.6), with 14 bytes of data. */
export const unknownOption = (data: Uint8Array): Uint8Array =>
  concat([253, 2], data.slice(0, 14), new Uint8Array(14 - Math.min(14, data.length)));

/** The body of a router advertisement (RFC 4861, 4.2) that offers its sender as default router for half an hour. */
export const routerAdvertisementBody = (mac: Mac): Uint8Array => concat([64, 0], u16(1800), u32(0), u32(0), [1, 1], macBytes(mac));

/** A DHCP discover (RFC 2131) as the client with that hardware address would send it; it asks for a broadcast answer. */
export const dhcpDiscover = (client: Mac): Uint8Array =>
  concat(
    [1, 1, 6, 0],
    u32(0x4d616e79),
    [0, 0, 0x80, 0, 0, 0, 0, 0],
    new Uint8Array(12),
    macBytes(client),
    new Uint8Array(10 + 64 + 128),
    [99, 130, 83, 99, 53, 1, 1, 255],
  );

/** A DHCP release (RFC 2131, 4.4.4): the client with that hardware address gives back an address to a server. */
export const dhcpRelease = (release: { readonly client: Mac; readonly address: Ip; readonly server: Ip }): Uint8Array =>
  concat(
    [1, 1, 6, 0],
    u32(0x4d616e7a),
    [0, 0, 0, 0],
    ipBytes(release.address),
    new Uint8Array(12),
    macBytes(release.client),
    new Uint8Array(10 + 64 + 128),
    [99, 130, 83, 99, 53, 1, 7, 54, 4],
    ipBytes(release.server),
    [61, 7, 1],
    macBytes(release.client),
    [255],
  );

/** A DHCP offer (RFC 2131) of an address by a server that should not be one; `client` is the hardware address it is for. */
export const dhcpOffer = (offer: { readonly client: Mac; readonly address: Ip; readonly server: Ip }): Uint8Array =>
  concat(
    [2, 1, 6, 0],
    u32(0x4d616e78),
    [0, 0, 0x80, 0, 0, 0, 0, 0],
    ipBytes(offer.address),
    ipBytes(offer.server),
    [0, 0, 0, 0],
    macBytes(offer.client),
    new Uint8Array(10 + 64 + 128),
    [99, 130, 83, 99, 53, 1, 2, 54, 4],
    ipBytes(offer.server),
    [51, 4],
    u32(3600),
    [255],
  );

/**
 * A DHCP inform (RFC 2131, 4.4.3): the client with that hardware address has its address already, and asks for the rest; or a discover of a
 * relay's, which names itself as the gateway to be answered.
 */
export const dhcpOfAddress = (message: {
  readonly client: Mac;
  readonly type: 1 | 8;
  readonly own?: Ip;
  readonly gateway?: Ip;
}): Uint8Array => {
  const none = new Uint8Array(4);
  return concat(
    [1, 1, 6, message.gateway === undefined ? 0 : 1],
    u32(0x4d616e7b),
    [0, 0, 0, 0],
    message.own === undefined ? none : ipBytes(message.own),
    new Uint8Array(8),
    message.gateway === undefined ? none : ipBytes(message.gateway),
    macBytes(message.client),
    new Uint8Array(10 + 64 + 128),
    [99, 130, 83, 99, 53, 1, message.type, 255],
  );
};

import type { Ip } from '@manx/ip';
import { ipFromBytes } from '../netlink/ip-bytes.js';

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;

// RFC 826, for IPv4 over Ethernet: hardware type 1, protocol type 0x0800, lengths 6 and 4.
const ARP_START = Buffer.from([0, 1, 8, 0, 6, 4]);
const ARP_LENGTH = 28;
const ARP_SENDER_IP = 14;
const ARP_TARGET_IP = 24;

// RFC 8200, section 3, and RFC 4861, section 4.4.
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const ICMPV6 = 58;
const ADVERTISEMENT = 136;
const ADVERTISEMENT_AT = 40;
const FLAGS = ADVERTISEMENT_AT + 4;
const SOLICITED = 0x40;
const TARGET = ADVERTISEMENT_AT + 8;
const ADVERTISEMENT_LENGTH = TARGET + 16;

/**
 * The address that a packet announces as its sender's own: ARP about the sender itself, a request or an answer (RFC 5227, section 3), or an
 * unsolicited neighbour advertisement. Null for every other packet, probes among them. `packet` begins with the ARP or IPv6 header.
 */
export const parseAnnouncement = (etherType: number, packet: Buffer): Ip | null => {
  if (etherType === ETHERTYPE_ARP) return parseArp(packet);
  return etherType === ETHERTYPE_IPV6 ? parseAdvertisement(packet) : null;
};

const parseArp = (packet: Buffer): Ip | null => {
  if (packet.length < ARP_LENGTH || !packet.subarray(0, ARP_START.length).equals(ARP_START)) return null;
  const operation = packet.readUInt16BE(6);
  const sender = packet.subarray(ARP_SENDER_IP, ARP_SENDER_IP + 4);
  const isOfItself = sender.equals(packet.subarray(ARP_TARGET_IP, ARP_TARGET_IP + 4));
  return (operation === 1 || operation === 2) && isOfItself ? ipFromBytes(sender) : null;
};

/** Directly after the IPv6 header, as every neighbour advertisement must be (RFC 6980), and never forwarded (hop limit 255). */
const parseAdvertisement = (packet: Buffer): Ip | null => {
  if (packet.length < ADVERTISEMENT_LENGTH || packet[NEXT_HEADER] !== ICMPV6 || packet[HOP_LIMIT] !== 255) return null;
  if (packet[ADVERTISEMENT_AT] !== ADVERTISEMENT || ((packet[FLAGS] ?? 0) & SOLICITED) !== 0) return null;
  return ipFromBytes(packet.subarray(TARGET, ADVERTISEMENT_LENGTH));
};

import { type Ip, ipFromValue, type Mac, macFromBytes } from '@manx/ip';
import { hasPorts } from './parse-host-object.js';

/**
 * What the headers of a packet say that a host has seen: numbers and addresses only, nothing of what is in it, and no text that a guest has
 * written. Headers that are cut short, or that nobody can read, leave null.
 */
export type SeenPacket =
  | {
      readonly kind: 'ip';
      readonly source: Ip;
      readonly destination: Ip;
      /** IANA number of what comes after the extension headers. */
      readonly protocol: number;
      /** Null where the protocol has none, or the packet is a fragment other than the first. */
      readonly sport: number | null;
      readonly dport: number | null;
      /** Of ICMP and ICMP for IPv6. */
      readonly icmp: { readonly type: number; readonly code: number } | null;
      /** The eight flags of TCP as a number, FIN lowest (RFC 9293, section 3.1). */
      readonly tcpFlags: number | null;
      /** Bytes from the IP header on, as that says. */
      readonly length: number;
    }
  /** ARP for IPv4 over Ethernet (RFC 826). */
  | { readonly kind: 'arp'; readonly operation: number; readonly senderMac: Mac; readonly sender: Ip; readonly target: Ip }
  | { readonly kind: 'other'; readonly etherType: number };

const IPV4 = 0x0800;
const ARP = 0x0806;
const IPV6 = 0x86dd;

// RFC 791, RFC 8200, RFC 826.
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const ARP_START = [0, 1, 8, 0, 6, 4];
const ARP_LENGTH = 28;

const TCP = 6;
const TCP_FLAGS_AT = 13;
const ICMP = { 4: 1, 6: 58 } as const;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Hop-by-hop options, routing, destination options, mobility: a length in units of eight bytes, without the first. */
const OPTIONS: ReadonlySet<number> = new Set([0, 43, 60, 135]);
const MAX_EXTENSIONS = 8;

/** What follows the IP header: where, and whether it is there at all. */
type Upper = { readonly protocol: number; readonly at: number; readonly isFirst: boolean };

/** Reads the headers of a packet that begins with the network header; whatever the bytes are, and however few. */
export function readSeenPacket(etherType: number, bytes: Uint8Array): SeenPacket {
  const packet = etherType === IPV4 ? readIpv4(bytes) : etherType === IPV6 ? readIpv6(bytes) : etherType === ARP ? readArp(bytes) : null;
  return packet ?? { kind: 'other', etherType: etherType & 0xffff };
}

function readIpv4(bytes: Uint8Array): SeenPacket | null {
  const headerLength = (octet(bytes, 0) & 0xf) * 4;
  if (bytes.length < IPV4_HEADER || octet(bytes, 0) >> 4 !== 4 || headerLength < IPV4_HEADER) return null;
  const isFirst = (word(bytes, 6) & 0x1fff) === 0;
  return withUpper(bytes, {
    family: 4,
    source: addressAt(bytes, 12, 4),
    destination: addressAt(bytes, 16, 4),
    length: word(bytes, 2),
    upper: { protocol: octet(bytes, 9), at: headerLength, isFirst },
  });
}

function readIpv6(bytes: Uint8Array): SeenPacket | null {
  if (bytes.length < IPV6_HEADER || octet(bytes, 0) >> 4 !== 6) return null;
  return withUpper(bytes, {
    family: 6,
    source: addressAt(bytes, 8, 16),
    destination: addressAt(bytes, 24, 16),
    length: IPV6_HEADER + word(bytes, 4),
    upper: upperOf(bytes),
  });
}

/** Walks extension headers (RFC 8200, section 4) as far as they were copied. */
function upperOf(bytes: Uint8Array): Upper {
  let protocol = octet(bytes, 6);
  let at = IPV6_HEADER;
  let isFirst = true;
  for (let i = 0; i < MAX_EXTENSIONS && at + 8 <= bytes.length; i++) {
    const isOptions = OPTIONS.has(protocol);
    if (!isOptions && protocol !== FRAGMENT && protocol !== AUTHENTICATION) break;
    if (protocol === FRAGMENT) isFirst &&= (word(bytes, at + 2) & 0xfff8) === 0;
    const length = isOptions ? (octet(bytes, at + 1) + 1) * 8 : protocol === FRAGMENT ? 8 : (octet(bytes, at + 1) + 2) * 4;
    protocol = octet(bytes, at);
    at += length;
  }
  return { protocol, at, isFirst };
}

function withUpper(
  bytes: Uint8Array,
  ip: { readonly family: 4 | 6; readonly source: Ip; readonly destination: Ip; readonly length: number; readonly upper: Upper },
): SeenPacket {
  const { family, source, destination, length, upper } = ip;
  const { protocol, at } = upper;
  const has = (count: number): boolean => upper.isFirst && at + count <= bytes.length;
  const isPorted = hasPorts(protocol) && has(4);
  return {
    kind: 'ip',
    source,
    destination,
    protocol,
    sport: isPorted ? word(bytes, at) : null,
    dport: isPorted ? word(bytes, at + 2) : null,
    icmp: protocol === ICMP[family] && has(2) ? { type: octet(bytes, at), code: octet(bytes, at + 1) } : null,
    tcpFlags: protocol === TCP && has(TCP_FLAGS_AT + 1) ? octet(bytes, at + TCP_FLAGS_AT) : null,
    length,
  };
}

function readArp(bytes: Uint8Array): SeenPacket | null {
  if (bytes.length < ARP_LENGTH || ARP_START.some((value, at) => octet(bytes, at) !== value)) return null;
  return {
    kind: 'arp',
    operation: word(bytes, 6),
    senderMac: macFromBytes(bytes.subarray(8, 14)),
    sender: addressAt(bytes, 14, 4),
    target: addressAt(bytes, 24, 4),
  };
}

function octet(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function word(bytes: Uint8Array, at: number): number {
  return octet(bytes, at) * 256 + octet(bytes, at + 1);
}

function addressAt(bytes: Uint8Array, at: number, length: 4 | 16): Ip {
  let value = 0n;
  for (let i = at; i < at + length; i++) value = value * 256n + BigInt(octet(bytes, i));
  return ipFromValue(length === 4 ? 4 : 6, value);
}

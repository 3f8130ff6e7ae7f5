import type { SeenPacket } from '@manx/hoststate';
import { parseIp, parseMac } from '@manx/ip';
import { type Check, exactly, nullable, oneOf, text } from './check.js';

/** An id of the API's, or one that an agent or server made. */
export const id = text(64, /^[A-Za-z0-9][A-Za-z0-9_-]*$/);

/** An address in canonical text. */
export const address: Check = (value, at) => (typeof value === 'string' && parseIp(value) === value ? null : `${at}: expected an address`);

/** A MAC in canonical text. */
export const mac: Check = (value, at) => (typeof value === 'string' && parseMac(value) === value ? null : `${at}: expected a MAC address`);

/** A whole number from 0 on. */
export const upTo =
  (most: number): Check =>
  (value, at) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most ? null : `${at}: expected a number up to ${most}`;
const octet = upTo(0xff);

/** What a port is. */
export const word = upTo(0xffff);

const PACKETS: Readonly<Record<SeenPacket['kind'], Check>> = {
  ip: exactly({
    kind: oneOf('ip'),
    source: address,
    destination: address,
    protocol: octet,
    sport: nullable(word),
    dport: nullable(word),
    icmp: nullable(exactly({ type: octet, code: octet })),
    tcpFlags: nullable(octet),
    length: upTo(0xffff + 40),
  }),
  arp: exactly({ kind: oneOf('arp'), operation: word, senderMac: mac, sender: address, target: address }),
  other: exactly({ kind: oneOf('other'), etherType: word }),
};

/** The headers of a packet. */
export const packet: Check = (value, at) => {
  const kind = value !== null && typeof value === 'object' && 'kind' in value ? String(value.kind) : '';
  return Object.hasOwn(PACKETS, kind) ? PACKETS[kind as SeenPacket['kind']](value, at) : `${at}: expected a packet`;
};

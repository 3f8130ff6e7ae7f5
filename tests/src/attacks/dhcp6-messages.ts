import { asIp, type Ip, type Mac, macBytes, multicastMac } from '@manx/ip';
import { concat, type Guest, ipBytes, udp } from '@manx/lab/attack-kit';
import { ipFrame } from './forge.js';
import { readPacket } from './read-packet.js';

/** DHCPv6 byte for byte (RFC 8415): message types, options, and how a guest sends them. */
export const messageTypes = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  reply: 7,
  release: 8,
  decline: 9,
  reconfigure: 10,
  informationRequest: 11,
  relayForward: 12,
  relayReply: 13,
} as const;

/** All servers and relays of the link (RFC 8415, section 7.1). */
export const everyServer = asIp('ff02::1:2');

/** An option with its code and length (section 21.1). */
export const option = (code: number, data: Uint8Array | readonly number[]): Uint8Array =>
  concat([code >> 8, code & 255, data.length >> 8, data.length & 255], data);

/** Who a client says it is: a DUID of a link-layer address (section 11.4). */
export const clientId = (mac: Mac): Uint8Array => option(1, concat([0, 3, 0, 1], macBytes(mac)));

/** An IA_NA (section 21.4), with addresses that the client has or wants. */
export const addressesOf = (...addresses: readonly Ip[]): Uint8Array =>
  option(3, concat([0, 0, 0, 1], new Uint8Array(8), ...addresses.map((ip) => option(5, concat(ipBytes(ip), new Uint8Array(8))))));

/** The server of every host of Manx: DUID-EN of the documentation's enterprise number, `manx`. */
export const serverId = option(2, [0, 2, 0, 0, 0x7e, 0xd9, 0x6d, 0x61, 0x6e, 0x78]);

/** A client's message (section 8). */
export const message6 = (type: number, ...options: readonly Uint8Array[]): Uint8Array => concat([type, 0x4d, 0x61, 0x6e], ...options);

/** A relay's message (section 9) about another's, whose link-layer address it tells (RFC 6939). */
export const relayed = (link: Ip, peer: Ip, { mac, inner }: { readonly mac: Mac; readonly inner: Uint8Array }): Uint8Array =>
  concat([messageTypes.relayForward, 0], ipBytes(link), ipBytes(peer), option(79, concat([0, 1], macBytes(mac))), option(9, inner));

/** A message as a guest sends it to its host: from its link-local address, unless told. */
export const toServer = (
  guest: Guest,
  data: Uint8Array,
  { source = guest.linkLocal, destination = everyServer }: { readonly source?: Ip; readonly destination?: Ip } = {},
): Uint8Array => {
  const ends = { source, destination, sport: 546, dport: 547 };
  const packet = { source, destination, protocol: 17, payload: udp(ends, data) };
  return ipFrame(guest, packet, destination === everyServer ? { to: multicastMac(everyServer) } : {});
};

/** The DHCPv6 message of a frame from a server; null for any other frame. */
export const fromServer = (frame: Uint8Array): Uint8Array | null => {
  const { etherType, protocol, payload } = readPacket(frame);
  return etherType === 0x86dd && protocol === 17 && payload[0] === 2 && payload[1] === 0x23 ? payload.slice(8) : null;
};

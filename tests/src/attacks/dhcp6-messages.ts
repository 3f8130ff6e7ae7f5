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
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  informationRequest: 11,
  relayForward: 12,
  relayReply: 13,
} as const;

/** All servers and relays of the link (RFC 8415, section 7.1). */
const everyServer = asIp('ff02::1:2');

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

/** The server's message in a frame, taken out of those of relays that it lies in; null for a frame without one. */
export const fromServer = (frame: Uint8Array): Uint8Array | null => {
  const { etherType, protocol, payload } = readPacket(frame);
  const isFrom547 = payload[0] === 2 && payload[1] === 0x23;
  return etherType === 0x86dd && protocol === 17 && isFrom547 ? innermost(payload.slice(8)) : null;
};

/** An option of a server's message; null when it has none, or the frame is no such message. */
export const optionIn = (frame: Uint8Array, code: number): Uint8Array | null =>
  optionsOf(fromServer(frame)?.slice(4) ?? new Uint8Array(0)).find(([one]) => one === code)?.[1] ?? null;

/** The addresses that a server's message gives: those with some time to live. */
export const addressesIn = (frame: Uint8Array): readonly Ip[] =>
  optionsOf(optionIn(frame, 3)?.slice(12) ?? new Uint8Array(0))
    .filter(([code, data]) => code === 5 && data.slice(20, 24).some((byte) => byte !== 0))
    .map(([, data]) => ipFromBytes(data.slice(0, 16)));

const ipFromBytes = (bytes: Uint8Array): Ip => {
  const groups = Array.from({ length: 8 }, (_, at) => (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16));
  return asIp(groups.join(':'));
};

const innermost = (message: Uint8Array): Uint8Array => {
  if (message[0] !== messageTypes.relayReply) return message;
  const inner = optionsOf(message.slice(34)).find(([code]) => code === 9)?.[1];
  return inner === undefined ? message : innermost(inner);
};

const optionsOf = (bytes: Uint8Array): (readonly [code: number, data: Uint8Array])[] => {
  const options: (readonly [number, Uint8Array])[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const [code, length] = [0, 2].map((offset) => ((bytes[at + offset] ?? 0) << 8) | (bytes[at + offset + 1] ?? 0)) as [number, number];
    options.push([code, bytes.slice(at + 4, at + 4 + length)]);
    at += 4 + length;
  }
  return options;
};

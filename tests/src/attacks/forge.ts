import { randomBytes } from 'node:crypto';
import { asIp, asMac, familyOf, type Ip, type Mac } from '@manx/ip';
import { concat, ethernet, etherTypes, type Guest, type IpPacket, icmp, icmp6, ip, udp } from '@manx/lab/attack-kit';

/** A frame that must not arrive, or must; the token in it tells it from all others, wherever it is seen. */
export type Shot = { readonly what: string; readonly frame: Uint8Array; readonly token: Uint8Array };

/** Bytes that no other frame has. */
export const newToken = (): Uint8Array => new Uint8Array(randomBytes(10));

/** Makes a shot of what a function builds around a new token. */
export const shot = (what: string, build: (token: Uint8Array) => Uint8Array): Shot => {
  const token = newToken();
  return { what, token, frame: build(token) };
};

/** The Ethernet ends of a frame, where they are not the honest ones: from the guest's MAC to its host's. */
export type Macs = { readonly from?: string; readonly to?: string };

/** An IP packet as a guest puts it on its wire. */
export const ipFrame = (guest: Guest, packet: IpPacket, macs: Macs = {}): Uint8Array =>
  ethernet(asMac(macs.to ?? guest.hostMac), asMac(macs.from ?? guest.mac), {
    type: familyOf(packet.source) === 6 ? etherTypes.ip6 : etherTypes.ip,
    payload: ip(packet),
  });

/** The addresses of two guests of one family. */
export const endsOf = (from: Guest, to: Guest, family: 4 | 6): { readonly source: Ip; readonly destination: Ip } =>
  family === 4 ? { source: from.v4, destination: to.v4 } : { source: from.v6, destination: to.v6 };

type Datagram = { readonly source: Ip; readonly destination: Ip; readonly sport?: number; readonly dport?: number };

/** A UDP packet with a token. */
export const udpPacket = ({ source, destination, sport = 4_666, dport = 4_667 }: Datagram, token: Uint8Array): IpPacket => ({
  source,
  destination,
  protocol: 17,
  payload: udp({ source, destination, sport, dport }, token),
});

/** A UDP shot from a guest: honest, but for the ends and MACs that are told. */
export const udpShot = (what: string, guest: Guest, datagram: Datagram & { readonly macs?: Macs }): Shot =>
  shot(what, (token) => ipFrame(guest, udpPacket(datagram, token), datagram.macs));

/** An ICMP or ICMPv6 message between two addresses, by their family. */
export const icmpPacket = (
  ends: { readonly source: Ip; readonly destination: Ip },
  message: { readonly type: number; readonly code?: number; readonly body: Uint8Array; readonly hops?: number },
): IpPacket => {
  const { type, code = 0, body, hops } = message;
  const more = hops === undefined ? {} : { hops };
  return familyOf(ends.source) === 4
    ? { ...ends, ...more, protocol: 1, payload: icmp({ type, code, body }) }
    : { ...ends, ...more, protocol: 58, payload: icmp6(ends, { type, code, body }) };
};

/** An echo request with a token. */
export const echoPacket = (ends: { readonly source: Ip; readonly destination: Ip }, token: Uint8Array): IpPacket =>
  icmpPacket(ends, { type: familyOf(ends.source) === 4 ? 8 : 128, body: concat([0x4d, 0x61, 0, 1], token, [0, 0]) });

/** A reply to such a request. */
export const echoReplyPacket = (ends: { readonly source: Ip; readonly destination: Ip }, token: Uint8Array): IpPacket =>
  icmpPacket(ends, { type: familyOf(ends.source) === 4 ? 0 : 129, body: concat([0x4d, 0x61, 0, 1], token, [0, 0]) });

/** Addresses that nobody has. */
export const nobody: { readonly v4: Ip; readonly v6: Ip; readonly mac: Mac } = {
  v4: asIp('192.0.2.66'),
  v6: asIp('2001:db8:666::66'),
  mac: asMac('fa:16:3e:66:66:66'),
};

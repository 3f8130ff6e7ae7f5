import { asMac, familyOf, type Ip, ipFromValue } from '@manx/ip';
import { concat, ethernet, etherTypes, icmp, icmp6, ip, tcp, udp } from '@manx/lab/attack-kit';

/** What a packet of a probe is: the first of a flow, the answer, what confirms it (TCP), or one more of a flow that began earlier. */
export const roles = { first: 1, answer: 2, confirm: 3, later: 4 } as const;
export type Role = (typeof roles)[keyof typeof roles];

/** Protocol numbers (IANA). */
export const protocols = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/** Everything that two ends of a flow see of one packet; ports are null and `icmp` is its type for ICMP, whose identifier is `sport`. */
export type ProbePacket = {
  readonly role: Role;
  readonly number: number;
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: number;
  readonly sport: number;
  readonly dport: number;
  readonly icmpType: number;
};

const MARK = [0x4d, 0x58, 0x56] as const;
const MARK_BYTES = 8;

/** By what a probe is known wherever it comes out, translated or not. */
const markOf = (role: Role, number: number): Uint8Array =>
  new Uint8Array([...MARK, role, (number >>> 24) & 255, (number >>> 16) & 255, (number >>> 8) & 255, number & 255]);

/** TCP flags and numbers by role: a handshake that connection tracking takes for one, then data of the client. */
const segments: Readonly<Record<Role, { readonly flags: number; readonly sequence: number; readonly acknowledgement: number }>> = {
  [roles.first]: { flags: 0x02, sequence: 1_000, acknowledgement: 0 },
  [roles.answer]: { flags: 0x12, sequence: 5_000, acknowledgement: 1_001 },
  [roles.confirm]: { flags: 0x10, sequence: 1_001, acknowledgement: 5_001 },
  [roles.later]: { flags: 0x18, sequence: 1_001, acknowledgement: 5_001 },
};

/** The packet above IP; SYN and SYN-ACK carry the mark as data, which is nothing that a network minds. */
const payloadOf = ({ role, number, source, destination, protocol, sport, dport, icmpType }: ProbePacket): Uint8Array => {
  const mark = markOf(role, number);
  switch (protocol) {
    case protocols.tcp:
      return tcp({ source, destination, sport, dport, ...segments[role] }, segments[role].flags, mark);
    case protocols.udp:
      return udp({ source, destination, sport, dport }, mark);
    default: {
      // Timestamps have three times of 4 bytes (RFC 792), echoes any data.
      const body = concat([sport >> 8, sport & 255, 0, 1], mark, [0, 0, 0, 0]);
      return protocol === protocols.icmp
        ? icmp({ type: icmpType, code: 0, body })
        : icmp6({ source, destination }, { type: icmpType, code: 0, body });
    }
  }
};

/** The whole frame, as its sender puts it on its wire. */
export const frameOf = (packet: ProbePacket, macs: { readonly from: string; readonly to: string }): Uint8Array => {
  const { source, destination, protocol } = packet;
  const type = familyOf(source) === 4 ? etherTypes.ip : etherTypes.ip6;
  const payload = ip({ source, destination, protocol, payload: payloadOf(packet) });
  return ethernet(asMac(macs.to), asMac(macs.from), { type, payload });
};

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const addressOf = (bytes: Uint8Array, family: 4 | 6): Ip => ipFromValue(family, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));

/** Reads a frame back; null for whatever is no packet of a probe. */
export const readFrame = (frame: Uint8Array): ProbePacket | null => {
  const type = u16(frame, 12);
  if (type !== etherTypes.ip && type !== etherTypes.ip6) return null;
  const family = type === etherTypes.ip ? 4 : 6;
  const above = 14 + (family === 4 ? ((frame[14] ?? 0) & 15) * 4 : 40);
  const protocol = frame[family === 4 ? 23 : 20] ?? 0;
  const isIcmp = protocol === protocols.icmp || protocol === protocols.icmp6;
  const data = above + (protocol === protocols.tcp ? 20 : 8);
  if (frame.length < data + MARK_BYTES || MARK.some((byte, at) => frame[data + at] !== byte)) return null;
  const [from, to, length] = family === 4 ? [26, 30, 4] : [22, 38, 16];
  return {
    role: (frame[data + 3] ?? 0) as Role,
    number: ((u16(frame, data + 4) << 16) | u16(frame, data + 6)) >>> 0,
    source: addressOf(frame.subarray(from, from + length), family),
    destination: addressOf(frame.subarray(to, to + length), family),
    protocol,
    sport: u16(frame, above + (isIcmp ? 4 : 0)),
    dport: isIcmp ? 0 : u16(frame, above + 2),
    icmpType: isIcmp ? (frame[above] ?? 0) : 0,
  };
};

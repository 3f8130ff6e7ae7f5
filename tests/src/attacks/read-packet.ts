/** What a frame carries, as far as an attack asks: all offsets are of Ethernet II, RFC 791 and RFC 8200 without extension headers. */
export type Packet = {
  readonly etherType: number;
  /** The protocol of what an IP packet carries; null for anything else. */
  readonly protocol: number | null;
  readonly source: string;
  readonly destination: string;
  readonly payload: Uint8Array;
};

const dotted = (bytes: Uint8Array): string => bytes.join('.');

/** Eight groups in hex, uncompressed: for comparison with each other only. */
const colons = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{4})(?!$)/g, '$1:');

/** Reads a frame; what is cut short is nothing but its type. */
export const readPacket = (frame: Uint8Array): Packet => {
  const etherType = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  if (etherType === 0x0800 && frame.length >= 34) {
    const length = ((frame[14] ?? 0) & 15) * 4;
    return {
      etherType,
      protocol: frame[23] ?? null,
      source: dotted(frame.slice(26, 30)),
      destination: dotted(frame.slice(30, 34)),
      payload: frame.slice(14 + length),
    };
  }
  if (etherType === 0x86dd && frame.length >= 54) {
    return {
      etherType,
      protocol: frame[20] ?? null,
      source: colons(frame.slice(22, 38)),
      destination: colons(frame.slice(38, 54)),
      payload: frame.slice(54),
    };
  }
  return { etherType, protocol: null, source: '', destination: '', payload: frame.slice(14) };
};

/** Whether a frame has these bytes anywhere in it. */
export const carries = (frame: Uint8Array, token: Uint8Array): boolean =>
  Buffer.from(frame.buffer, frame.byteOffset, frame.length).includes(Buffer.from(token));

/** Whether it is the reply to an echo request with that token, of either family. */
export const isEchoReply = (frame: Uint8Array, token: Uint8Array): boolean => {
  const { protocol, payload } = readPacket(frame);
  return ((protocol === 1 && payload[0] === 0) || (protocol === 58 && payload[0] === 129)) && carries(frame, token);
};

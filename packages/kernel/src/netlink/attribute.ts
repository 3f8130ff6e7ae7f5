const HEADER = 4;
const TYPE_MASK = 0x3fff; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER (include/uapi/linux/netlink.h)

/** Set on attributes that contain attributes. */
export const NLA_F_NESTED = 0x8000;

/** One attribute: a number whose meaning depends on the message, and bytes. */
export type Attribute = { readonly type: number; readonly value: Buffer };

/** Rounds up to the four bytes on which netlink aligns everything. */
export const align4 = (length: number): number => (length + 3) & ~3;

/** Attributes one after another, each padded to four bytes (struct nlattr). */
export const encodeAttributes = (attributes: readonly Attribute[]): Buffer => {
  const total = attributes.reduce((sum, attribute) => sum + align4(HEADER + attribute.value.length), 0);
  const out = Buffer.alloc(total);
  let offset = 0;
  for (const { type, value } of attributes) {
    out.writeUInt16LE(HEADER + value.length, offset);
    out.writeUInt16LE(type, offset + 2);
    value.copy(out, offset + HEADER);
    offset += align4(HEADER + value.length);
  }
  return out;
};

/**
 * Attributes by type, flags removed, of a repeated one the last; views into `bytes`. What is cut short at the end is left out. With
 * `wanted` only those types: messages of links carry dozens that nobody asks for.
 */
export const decodeAttributes = (bytes: Buffer, wanted?: ReadonlySet<number>): ReadonlyMap<number, Buffer> => {
  const found = new Map<number, Buffer>();
  let offset = 0;
  while (offset + HEADER <= bytes.length) {
    const length = bytes.readUInt16LE(offset);
    if (length < HEADER || offset + length > bytes.length) break;
    const type = bytes.readUInt16LE(offset + 2) & TYPE_MASK;
    if (wanted === undefined || wanted.has(type)) found.set(type, bytes.subarray(offset + HEADER, offset + length));
    offset += align4(length);
  }
  return found;
};

/** An attribute made of attributes. */
export const nested = (type: number, attributes: readonly Attribute[]): Attribute => ({
  type: type | NLA_F_NESTED,
  value: encodeAttributes(attributes),
});

/** A 32-bit number in the machine's order. */
export const u32 = (type: number, value: number): Attribute => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return { type, value: bytes };
};

/** Text with the zero byte that the kernel expects. */
export const cString = (type: number, text: string): Attribute => ({ type, value: Buffer.from(`${text}\0`) });

/** Text up to the first zero byte. */
export const readCString = (bytes: Buffer): string => {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
};

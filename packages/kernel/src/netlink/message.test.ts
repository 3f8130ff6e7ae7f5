import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cString, decodeAttributes, encodeAttributes, NLA_F_NESTED, nested, readCString, u32 } from './attribute.js';
import { decodeMessages, decodeVerdict, encodeMessage, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR } from './message.js';

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
const attribute = fc.record({ type: fc.integer({ min: 0, max: 0x3fff }), value: bytes });
const request = fc.record({ type: fc.integer({ min: 0, max: 0xffff }), flags: fc.integer({ min: 0, max: 0xffff }), payload: bytes });

describe('netlink attributes', () => {
  it('come back as they went, each on a boundary of four bytes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(attribute, { selector: ({ type }) => type }), (attributes) => {
        const encoded = encodeAttributes(attributes);
        expect(encoded.length % 4).toBe(0);
        expect(decodeAttributes(encoded)).toEqual(new Map(attributes.map(({ type, value }) => [type, value])));
      }),
    );
  });

  it('of a message that is cut anywhere are those that are whole', () => {
    fc.assert(
      fc.property(fc.uniqueArray(attribute, { selector: ({ type }) => type }), fc.nat(400), (attributes, cut) => {
        const whole = encodeAttributes(attributes);
        const decoded = decodeAttributes(whole.subarray(0, cut));
        for (const [type, value] of decoded) expect(attributes.find((it) => it.type === type)?.value).toEqual(value);
      }),
    );
  });

  it('only those that are wanted are looked at', () => {
    const encoded = encodeAttributes([u32(1, 7), cString(3, 'tap0'), u32(5, 9)]);
    const found = decodeAttributes(encoded, new Set([3]));
    expect([...found.keys()]).toEqual([3]);
    expect(readCString(found.get(3) ?? Buffer.alloc(0))).toBe('tap0');
  });

  it('a nested one carries its flag on the wire and loses it when read', () => {
    const encoded = encodeAttributes([nested(1, [u32(2, 3)])]);
    expect(encoded.readUInt16LE(2)).toBe(1 | NLA_F_NESTED);
    expect(
      decodeAttributes(decodeAttributes(encoded).get(1) ?? Buffer.alloc(0))
        .get(2)
        ?.readUInt32LE(0),
    ).toBe(3);
  });
});

describe('netlink messages', () => {
  it('many in one buffer come back in order', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
        const decoded = decodeMessages(Buffer.concat(requests.map((it, index) => encodeMessage(it, index + 1))));
        expect(decoded.map(({ type, flags, payload, seq }) => ({ type, flags, payload, seq }))).toEqual(
          requests.map((it, index) => ({ ...it, seq: index + 1 })),
        );
      }),
    );
  });

  it('any bytes are read without an exception, and verdicts of them too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
        for (const message of decodeMessages(Buffer.from(array))) decodeVerdict(message);
      }),
    );
  });

  const error = (errno: number, rest: Buffer, flags = 0): Parameters<typeof decodeVerdict>[0] => {
    const code = Buffer.alloc(4);
    code.writeInt32LE(-errno);
    return { type: NLMSG_ERROR, flags, seq: 1, pid: 0, payload: Buffer.concat([code, rest]) };
  };
  const capped = (): Buffer => encodeMessage({ type: 24, flags: 0, payload: Buffer.alloc(0) }, 1);

  it('an ACK is error 0, an error its number, and the words of an extended ACK come along', () => {
    expect(decodeVerdict(error(0, capped()))).toEqual({ errno: 0, message: null });
    expect(decodeVerdict(error(17, capped()))).toEqual({ errno: 17, message: null });
    const words = encodeAttributes([cString(1, 'Device does not exist')]);
    expect(decodeVerdict(error(19, Buffer.concat([capped(), words]), 0x300))).toEqual({ errno: 19, message: 'Device does not exist' });
  });

  it('words after the whole of the refused request are found as well', () => {
    const original = encodeMessage({ type: 24, flags: 0, payload: Buffer.alloc(13) }, 1);
    const words = encodeAttributes([cString(1, 'no')]);
    expect(decodeVerdict(error(22, Buffer.concat([original, words]), 0x200))).toEqual({ errno: 22, message: 'no' });
  });

  it('the end of a dump carries its error and the mark of an interruption', () => {
    const done = { type: NLMSG_DONE, flags: NLM_F_DUMP_INTR, seq: 1, pid: 0, payload: Buffer.from([0xf0, 0xff, 0xff, 0xff]) };
    expect(decodeVerdict(done)).toEqual({ errno: 16, message: null });
  });
});

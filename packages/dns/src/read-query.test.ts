import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Query, readQuery } from './read-query.js';
import { question } from './testing/questions.js';

const asked = (message: Buffer): Query => {
  const read = readQuery(message);
  if (read === null || 'rcode' in read) throw new Error(`refused: ${JSON.stringify(read)}`);
  return read;
};

/** An OPT record: root, type 41, bytes, extended code, version, flags, length, data. */
const opt = (bytes: number, { version = 0, flags = 0, data = '' } = {}): Buffer => {
  const record = Buffer.alloc(11);
  record.writeUInt16BE(41, 1);
  record.writeUInt16BE(bytes, 3);
  record.writeUInt8(version, 6);
  record.writeUInt16BE(flags, 7);
  record.writeUInt16BE(data.length, 9);
  return Buffer.concat([record, Buffer.from(data)]);
};

describe('what a guest asks', () => {
  it('is read as it was asked: id, name, type, class, and its question’s bytes', () => {
    expect(asked(question('WWW.Example.org', 28, { id: 0xbeef }))).toMatchObject({
      id: 0xbeef,
      flags: 0x01_00,
      name: 'www.example.org',
      type: 28,
      class: 1,
      edns: null,
    });
    expect(asked(question('WWW.a')).question.toString('latin1')).toBe('\x03WWW\x01a\0\0\x01\0\x01');
    expect(asked(question('')).name).toBe('');
  });

  it('with EDNS says how much it takes, 512 bytes at least, and whether it wants DNSSEC', () => {
    expect(asked(question('a', 1, { opt: opt(4096, { flags: 0x80_00 }) })).edns).toMatchObject({ bytes: 4096, isDnssec: true });
    expect(asked(question('a', 1, { opt: opt(100, { data: 'cookie' }) })).edns).toMatchObject({ bytes: 512, isDnssec: false });
  });

  it('in letters that no host name has is no name that anybody here has', () => {
    for (const odd of ['a b', 'ä', 'a/b', 'x\0y', '*']) expect(asked(question(odd)).name).toBeNull();
  });

  const codes: readonly (readonly [string, Buffer, object | null])[] = [
    ['an answer', question('a', 1, { flags: 0x81_80 }), null],
    ['eleven bytes', question('a').subarray(0, 11), null],
    ['nothing', Buffer.alloc(0), null],
    ['an update', question('a', 1, { flags: 0x28_00 }), { rcode: 4, query: null }],
    ['two questions', question('a', 1, { counts: [2, 0, 0, 0] }), { rcode: 1 }],
    ['no question', question('a', 1, { counts: [0, 0, 0, 0] }), { rcode: 1 }],
    ['an answer in the question', question('a', 1, { counts: [1, 1, 0, 0] }), { rcode: 1 }],
    ['a question that is cut off', question('abc').subarray(0, 15), { rcode: 1 }],
    ['a type that is cut off', question('abc').subarray(0, -1), { rcode: 1 }],
    ['a pointer to itself', Buffer.concat([question('').subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]), { rcode: 1 }],
    ['a label of 64 bytes', question('x'.repeat(64)), { rcode: 1 }],
    [
      'a name of 256 bytes',
      question(
        Array.from({ length: 127 }, () => 'x')
          .join('.')
          .concat('.xx'),
      ),
      { rcode: 1 },
    ],
    ['something behind it', Buffer.concat([question('a'), Buffer.from('x')]), { rcode: 1 }],
    ['something behind the OPT record', Buffer.concat([question('a', 1, { opt: opt(512) }), Buffer.from('x')]), { rcode: 1 }],
    ['another record than OPT', question('a', 1, { opt: Buffer.concat([Buffer.from([0, 0, 250]), opt(512).subarray(3)]) }), { rcode: 1 }],
    ['another EDNS version', question('a', 1, { opt: opt(512, { version: 1 }) }), { rcode: 16, query: { name: 'a' } }],
  ];
  it.each(codes)('%s is refused, or not answered at all', (_, message, expected) => {
    if (expected === null) expect(readQuery(message)).toBeNull();
    else expect(readQuery(message)).toMatchObject({ id: 7, ...expected });
  });

  it('a name of 255 bytes is the longest', () => {
    expect(asked(question(Array.from({ length: 127 }, () => 'x').join('.'))).name).toHaveLength(253);
  });

  it('whatever bytes come, nothing is thrown, and what is read lies within them', () => {
    const mangled = fc
      .tuple(fc.constantFrom(question('www.example', 1, { opt: opt(1232) }), question('a')), fc.nat(40), fc.nat(255))
      .map(([whole, at, byte]) => {
        const copy = Buffer.from(whole);
        if (at < copy.length) copy[at] = byte;
        return copy;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
          mangled,
        ),
        (message) => {
          const read = readQuery(message);
          if (read === null || 'rcode' in read) return;
          expect(message.includes(read.question)).toBe(true);
          expect(read.question.length).toBeGreaterThanOrEqual(5);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

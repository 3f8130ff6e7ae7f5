import { isProblem } from '@manx/hoststate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ' '));

describe('lines of a stream', () => {
  it('are the same however the bytes are cut, within a character too; the last half line is kept back', () => {
    fc.assert(
      fc.property(fc.array(line), line, fc.array(fc.nat(7)), (lines, half, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join('') + half);
        const splitter = new LineSplitter(10_000);
        const seen: string[] = [];
        for (let at = 0, index = 0; at < bytes.length; index += 1) {
          const size = cuts.length === 0 ? bytes.length : (cuts[index % cuts.length] ?? 0) + 1;
          const got = splitter.push(bytes.subarray(at, at + size));
          if (isProblem(got)) throw new Error(got.detail);
          seen.push(...got);
          at += size;
        }
        expect(seen).toEqual(lines);
      }),
    );
  });

  it('a line may be as long as the limit and no longer, in one piece or in many', () => {
    expect(new LineSplitter(4).push(Buffer.from('1234\n12'))).toEqual(['1234']);
    expect(new LineSplitter(4).push(Buffer.from('1\n12345\n'))).toMatchObject({ code: 'line-too-long' });
    const splitter = new LineSplitter(4);
    expect(splitter.push(Buffer.from('123'))).toEqual([]);
    expect(splitter.push(Buffer.from('45'))).toMatchObject({ code: 'line-too-long' });
  });

  it('bytes that are no UTF-8 are a problem, never another text', () => {
    expect(new LineSplitter(100).push(Buffer.from([0x22, 0xff, 0x22, 0x0a]))).toMatchObject({ code: 'not-utf8' });
    expect(new LineSplitter(100).push(Buffer.from([0xc3, 0x0a]))).toMatchObject({ code: 'not-utf8' });
  });
});

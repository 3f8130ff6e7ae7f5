import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listBody } from './list-body.js';

describe('listBody', () => {
  it('is the head, the texts with commas between, and the tail, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 300 }), (texts) => {
        expect(listBody('{"é":[', texts, ']}').toString()).toBe(`{"é":[${texts.join(',')}]}`);
      }),
    );
  });
});

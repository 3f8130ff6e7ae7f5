import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefused } from './is-refused.js';

describe('isRefused', () => {
  it('takes the wanted share of ids, always the same ones, and more of them with a larger share', () => {
    const ids = Array.from({ length: 20_000 }, () => randomUUID());
    for (const share of [0, 0.01, 0.3, 1]) {
      const refused = ids.filter((id) => isRefused(id, share));
      expect(refused.length / ids.length).toBeCloseTo(share, 1);
      expect(refused.every((id) => isRefused(id, Math.min(1, share + 0.1)))).toBe(true);
    }
  });

  it('refuses nobody of 0 and everybody of 1', () => {
    fc.assert(fc.property(fc.string(), (id) => !isRefused(id, 0) && isRefused(id, 1)));
  });
});

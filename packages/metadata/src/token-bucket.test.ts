import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.js';

describe('TokenBucket', () => {
  it('in any stretch of time it gives no more than the burst and what the rate adds', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(waits, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (steps, rate, burst) => {
        const bucket = new TokenBucket({ rate, burst }, 0);
        let now = 0;
        let taken = 0;
        for (const step of steps) {
          now += step;
          if (bucket.take(now)) taken += 1;
          expect(taken).toBeLessThanOrEqual(burst + (now * rate) / 1000 + 1e-6);
        }
      }),
    );
  });

  it('gives the burst at once, then as time passes, and is full again after a pause', () => {
    const bucket = new TokenBucket({ rate: 10, burst: 3 }, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect([99, 100, 101].map((now) => bucket.take(now))).toEqual([false, true, false]);
    expect([10_000, 10_000, 10_000, 10_000].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
  });
});

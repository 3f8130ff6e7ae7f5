import { describe, expect, it } from 'vitest';
import { BackOff } from './back-off.js';

describe('waiting between attempts', () => {
  it('doubles up to the longest, and begins anew after a success', () => {
    const backOff = new BackOff({ minMs: 100, maxMs: 1000 }, () => 0);
    expect([1, 2, 3, 4, 5, 6].map(() => backOff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    backOff.reset();
    expect(backOff.next()).toBe(100);
  });

  it('is cut by up to a half at random', () => {
    const backOff = new BackOff({ minMs: 100, maxMs: 1000 }, () => 0.999_999);
    expect([1, 2].map(() => backOff.next())).toEqual([50, 100]);
  });

  it('stays at the longest after any number of failures', () => {
    const backOff = new BackOff({ minMs: 100, maxMs: 1000 }, () => 0);
    for (let failures = 0; failures < 5000; failures += 1) backOff.next();
    expect(backOff.next()).toBe(1000);
  });
});

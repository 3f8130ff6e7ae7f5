import { expect, it } from 'vitest';
import { GrowingPause } from './growing-pause.js';

const LIMITS = { firstMs: 2, longestMs: 32, forgivenMs: 100 };

/** When it is done by one who tries so often, until some time. */
const doneBy = (everyMs: number, untilMs: number): readonly number[] => {
  const pause = new GrowingPause(LIMITS);
  const moments = Array.from({ length: Math.ceil(untilMs / everyMs) }, (_, n) => n * everyMs);
  return moments.filter((now) => {
    if (pause.wait(now) > 0) return false;
    pause.done(now);
    return true;
  });
};

it('doubles the pause up to the longest, for one who tries all the time', () => {
  expect(doneBy(1, 200)).toEqual([0, 2, 6, 14, 30, 62, 94, 126, 158, 190]);
});

it('doubles it also for one who always tries late', () => {
  expect(doneBy(5, 130)).toEqual([0, 5, 10, 20, 40, 75, 110]);
});

it('forgives one doubling after the other', () => {
  const pause = new GrowingPause(LIMITS);
  const waitAfter = (now: number): number => {
    pause.done(now);
    return pause.wait(now);
  };
  expect(pause.isForgiven(0)).toBe(true);
  expect([0, 2, 6].map(waitAfter)).toEqual([2, 4, 8]);
  expect([106, 206].map(waitAfter)).toEqual([8, 8]);
  expect(pause.isForgiven(306)).toBe(false);
  expect(pause.isForgiven(506)).toBe(true);
  expect(waitAfter(506)).toBe(2);
});

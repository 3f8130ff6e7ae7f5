import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecentSamples } from './recent-samples.js';

it('however many one place gives, those of others stay; of each the latest, in order', () => {
  const recent = new RecentSamples<number>(3);
  recent.add('quiet', 0);
  for (let n = 1; n <= 1_000; n++) recent.add('loud', n);
  expect(recent.of('quiet')).toEqual([0]);
  expect(recent.of('loud')).toEqual([996, 997, 998, 999, 1_000]);
  expect(recent.of('nobody')).toEqual([]);
});

it('of too many places the one goes that gave none for longest, and there are never more', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (places) => {
      const recent = new RecentSamples<number>(4);
      for (const place of places) recent.add(String(place), place);
      const latest = [...new Set(places.toReversed())].slice(0, 4);
      expect([...new Set(recent.all)].sort()).toEqual(latest.sort());
      expect(recent.all.length).toBeLessThanOrEqual(20);
    }),
  );
});

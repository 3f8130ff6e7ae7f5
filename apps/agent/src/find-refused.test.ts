import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { findRefused } from './find-refused.js';

const ids = fc.uniqueArray(fc.integer({ min: 0, max: 200 }).map(String), { maxLength: 60 });

it('names exactly the endpoints that are refused, whatever the others are', async () => {
  await fc.assert(
    fc.asyncProperty(ids, ids, async (endpoints, poison) => {
      const bad = new Set(poison);
      const refusal = async (kept: ReadonlySet<string>): Promise<string | null> => [...kept].find((id) => bad.has(id)) ?? null;
      const refused = await findRefused(endpoints, refusal);
      expect([...(refused?.keys() ?? [])].sort()).toEqual(endpoints.filter((id) => bad.has(id)).sort());
      for (const [id, detail] of refused ?? []) expect(detail).toBe(id);
    }),
  );
});

it('two that are refused only together cost one of them, and never more', async () => {
  const refused = await findRefused(['a', 'b', 'c', 'd'], async (kept) => (kept.has('a') && kept.has('c') ? 'not both' : null));
  expect([...(refused?.keys() ?? [])]).toEqual(['c']);
});

it('blames nobody when the kernel refuses even nothing', async () => {
  expect(await findRefused(['a'], async () => 'no nftables here')).toBeNull();
});

it('asks about log2(n) times for one of n', async () => {
  let asked = 0;
  const endpoints = Array.from({ length: 256 }, (_, index) => String(index));
  await findRefused(endpoints, async (kept) => {
    asked += 1;
    return kept.has('77') ? 'bad' : null;
  });
  expect(asked).toBeLessThanOrEqual(2 * 8 + 2);
});

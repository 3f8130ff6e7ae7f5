import type { DropCount } from '@manx/reconcile';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DropTally } from './drop-tally.js';
import { endpoint, portOf, stateOf } from './testing/test-states.js';

const [a, b] = [portOf(1), portOf(2)];
const state = stateOf(endpoint(1), endpoint(2));
const at = (place: string, packets: number, reason: DropCount['reason'] = 'source'): DropCount => ({
  at: place,
  reason,
  packets,
  bytes: packets * 60,
});
const reading = (now: number, ...drops: readonly DropCount[]) => ({
  counters: { drops, rules: new Map() },
  now,
  elapsedMs: 2_000,
  state,
});

describe('what a host tells of its drops', () => {
  it('what was counted before the first reading is not told; what comes after is added up by port and reason, with its rate', () => {
    const tally = new DropTally();
    expect(tally.take(reading(1_000, at(a.tap, 50)))).toBe(false);
    expect(tally.take(reading(3_000, at(a.tap, 54), at(b.tap, 1, 'arp')))).toBe(true);
    expect(tally.take(reading(5_000, at(a.tap, 55), at(b.tap, 1, 'arp')))).toBe(true);
    expect(tally.drops).toEqual([
      { endpoint: a.id, at: a.tap, reason: 'source', packets: 5, bytes: 300, rate: 0.5, firstAt: 3_000, lastAt: 5_000 },
      { endpoint: b.id, at: b.tap, reason: 'arp', packets: 1, bytes: 60, rate: 0, firstAt: 3_000, lastAt: 3_000 },
    ]);
  });

  it('that nothing is dropped any more is told once, and then nothing; what did not change is the same object', () => {
    const tally = new DropTally();
    tally.take(reading(0));
    tally.take(reading(1, at(a.tap, 4)));
    expect(tally.take(reading(2, at(a.tap, 4)))).toBe(true);
    const [drop] = tally.drops;
    expect(drop?.rate).toBe(0);
    expect(tally.take(reading(3, at(a.tap, 4)))).toBe(false);
    expect(tally.drops[0]).toBe(drop);
  });

  it('tables that were made anew begin at 0, and nothing is counted twice', () => {
    const tally = new DropTally();
    tally.take(reading(0));
    for (const packets of [7, 0, 2, 3]) tally.take(reading(1, at(a.tap, packets)));
    expect(tally.drops[0]?.packets).toBe(10);
  });

  it('a tap of no port is told without one, by a name that can be printed', () => {
    const tally = new DropTally();
    tally.take(reading(0));
    tally.take(reading(1, at('ta p\u001B[2J', 1, 'unknown-tap')));
    expect(tally.drops).toMatchObject([{ endpoint: null, at: 'ta?p?[2J' }]);
  });

  it('of more places than a report takes the latest are told, and what is a day old is forgotten', () => {
    const tally = new DropTally();
    tally.take(reading(0));
    const many = Array.from({ length: 3_000 }, (_, n) => at(`tap${n}`, 1));
    tally.take(reading(1, ...many));
    expect(tally.drops.length).toBe(2_000);
    tally.take(reading(2, ...many, at(a.tap, 1)));
    expect([tally.drops.length, tally.drops[0]?.at]).toEqual([2_000, a.tap]);
    tally.take(reading(86_400_001, ...many, at(a.tap, 2)));
    expect(tally.drops.map(({ at: place, packets }) => [place, packets])).toEqual([[a.tap, 2]]);
  });

  it('whatever the kernel counts, the totals are the sum of what grew', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 20 }), (growths) => {
        const tally = new DropTally();
        let total = 0;
        tally.take(reading(0));
        for (const growth of growths) tally.take(reading(1, at(a.tap, (total += growth))));
        expect(tally.drops[0]?.packets ?? 0).toBe(total);
      }),
    );
  });
});

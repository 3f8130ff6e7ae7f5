import type { ReportedDrop } from '@manx/feed';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DropBook } from './drop-book.js';

const drop = (packets: number, fields: Partial<ReportedDrop> = {}): ReportedDrop => ({
  endpoint: 'p1',
  at: 'tap1',
  reason: 'source',
  packets,
  bytes: packets * 60,
  rate: 1,
  firstAgeMs: 0,
  lastAgeMs: 0,
  ...fields,
});
const word = (now: number, ...drops: readonly ReportedDrop[]) => ({ host: 'h1', run: 'r1', drops, now });

describe('the book of drops', () => {
  it('a report that comes twice counts once; a new run of the agent begins at 0 and is added', () => {
    const book = new DropBook();
    for (const now of [10, 20]) book.take(word(now, drop(5)));
    book.take({ ...word(30, drop(2)), run: 'r2' });
    book.take({ ...word(40, drop(3)), run: 'r2' });
    expect(book.drops(40)).toEqual([
      { host: 'h1', endpoint: 'p1', at: 'tap1', reason: 'source', packets: 8, bytes: 480, rate: 1, firstAt: 10, lastAt: 40 },
    ]);
    expect(book.packetsByReason()).toEqual(new Map([['source', 8]]));
  });

  it("a server that starts later says when the first and the last was, by the hosts' ages", () => {
    const book = new DropBook();
    book.take(word(10_000, drop(5, { firstAgeMs: 9_000, lastAgeMs: 4_000, rate: 0 })));
    expect(book.drops(10_000)).toMatchObject([{ firstAt: 1_000, lastAt: 6_000 }]);
  });

  it('the rate of a host that fell silent is 0, and a drop of yesterday is forgotten', () => {
    const book = new DropBook();
    book.take(word(0, drop(5)));
    expect(book.drops(1_000)[0]?.rate).toBe(1);
    expect(book.drops(30_000)[0]?.rate).toBe(0);
    expect(book.drops(86_400_000)).toEqual([]);
  });

  it('it holds no more of a host than one report takes: the latest', () => {
    const book = new DropBook();
    for (let n = 0; n < 5; n += 1)
      book.take(word(n, ...Array.from({ length: 1_000 }, (_, index) => drop(1, { at: `tap${n * 1_000 + index}` }))));
    expect(book.drops(5).length).toBe(2_000);
    expect(new Set(book.drops(5).map(({ firstAt }) => firstAt))).toEqual(new Set([3, 4]));
  });

  it('however reports are lost, repeated and begun anew, the total is what the runs dropped', () => {
    const step = fc.record({ growth: fc.nat(9), isHeard: fc.boolean(), isNewRun: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const book = new DropBook();
        let [run, total, heardBefore, heard] = [0, 0, 0, 0];
        for (const { growth, isHeard, isNewRun } of steps) {
          if (isNewRun) {
            run += 1;
            total = 0;
            heardBefore += heard;
            heard = 0;
          }
          total += growth;
          if (!isHeard) continue;
          heard = total;
          book.take({ ...word(1, drop(total)), run: `r${run}` });
        }
        expect(book.drops(1)[0]?.packets ?? 0).toBe(heardBefore + heard);
      }),
    );
  });
});

import type { ReportedSample } from '@manx/feed';
import { expect, it } from 'vitest';
import { SampleBook } from './sample-book.js';

const place = { endpoint: 'p1', at: 'tap1', reason: 'source' } as const;
const sample = (number: number): ReportedSample => ({
  ...place,
  number,
  mac: null,
  packet: { kind: 'other', etherType: number },
  ageMs: 10,
});
const seen = (book: SampleBook, host = 'h1'): readonly unknown[] =>
  book.of({ host, ...place }).map(({ packet, seenAt }) => [packet.kind === 'other' && packet.etherType, seenAt]);

it('what a host tells twice is kept once; what another run of its agent tells is new; the latest first', () => {
  const book = new SampleBook();
  book.take({ host: 'h1', run: 'r1', packets: [sample(1), sample(2)], now: 100 });
  book.take({ host: 'h1', run: 'r1', packets: [sample(2), sample(3)], now: 200 });
  expect(seen(book)).toEqual([
    [3, 190],
    [2, 90],
    [1, 90],
  ]);
  book.take({ host: 'h1', run: 'r2', packets: [sample(1)], now: 300 });
  expect(seen(book)[0]).toEqual([1, 290]);
  expect(seen(book, 'h2')).toEqual([]);
});

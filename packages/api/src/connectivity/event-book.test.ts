import { EVENTS_OF_A_PLACE, type ReportedEvent } from '@manx/feed';
import { expect, it } from 'vitest';
import { EventBook } from './event-book.js';

const event = (number: number, fields: Partial<ReportedEvent> = {}): ReportedEvent => ({
  number,
  endpoint: 'p1',
  direction: 'ingress',
  reason: null,
  logs: ['log-1'],
  policy: 'g',
  rule: 'r',
  packet: { kind: 'other', etherType: number },
  ageMs: 10,
  ...fields,
});
const seen = (book: EventBook, cursor: string | null = null): readonly unknown[] =>
  book.after(cursor).events.map(({ host, packet, seenAt }) => [host, packet.kind === 'other' && packet.etherType, seenAt]);

it('what a host tells twice is kept once; what another run of its agent tells is new; the latest last', () => {
  const book = new EventBook();
  book.take({ host: 'h1', run: 'r1', packets: [event(1), event(2)], now: 100 });
  book.take({ host: 'h1', run: 'r1', packets: [event(2), event(3)], now: 200 });
  book.take({ host: 'h1', run: 'r2', packets: [event(1)], now: 300 });
  expect(seen(book)).toEqual([
    ['h1', 1, 90],
    ['h1', 2, 90],
    ['h1', 3, 190],
    ['h1', 1, 290],
  ]);
});

it('a cursor goes on from where it was; that of another run of the server, or none that is one, begins anew', () => {
  const book = new EventBook();
  const empty = book.after(null).cursor;
  book.take({ host: 'h1', run: 'r1', packets: [event(1)], now: 100 });
  const { cursor } = book.after(empty);
  expect(seen(book, empty)).toEqual([['h1', 1, 90]]);
  expect(seen(book, cursor)).toEqual([]);
  book.take({ host: 'h2', run: 'r9', packets: [event(1)], now: 200 });
  expect(seen(book, cursor)).toEqual([['h2', 1, 190]]);
  for (const other of [new EventBook().after(null).cursor, '', 'x', `${cursor}9`]) expect(seen(book, other)).toHaveLength(2);
});

it('a flood of one log, of one port, or of what is accepted, pushes out nothing of another', () => {
  const book = new EventBook();
  const quiet = [
    event(1, { logs: ['log-2'] }),
    event(2, { endpoint: 'p2' }),
    event(3, { reason: 'ingress-policy', policy: null, rule: null }),
  ];
  const flood = Array.from({ length: 1_000 }, (_, at) => event(at + 4));
  book.take({ host: 'h1', run: 'r1', packets: [...quiet, ...flood], now: 100 });
  const kept = book.after(null).events;
  expect(kept.slice(0, 3).map(({ packet }) => packet)).toEqual(quiet.map(({ packet }) => packet));
  expect(kept).toHaveLength(3 + EVENTS_OF_A_PLACE);
});

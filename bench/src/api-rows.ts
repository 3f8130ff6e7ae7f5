import type { Seen } from './contestant.js';
import type { FigureRow } from './figure.js';
import { median, percentile } from './statistics.js';

/** What a row shows: of which samples, what of them, and what it is held against. */
type Row = {
  readonly what: string;
  readonly of: string;
  readonly value: (samples: readonly number[]) => number;
  readonly unit: 'ms' | '/s';
  /** How many times better than the peer; or at most so many milliseconds. */
  readonly goal?: { readonly times: number } | { readonly underMs: number };
};

const p99 = (samples: readonly number[]): number => percentile(samples, 0.99);
const ms = (what: string, of: string, goal?: Row['goal']): Row => ({ what, of, value: median, unit: 'ms', ...(goal && { goal }) });
const perSecond = (what: string, of: string, times: number): Row => ({ what, of, value: median, unit: '/s', goal: { times } });

const rows = (sizes: readonly number[]): readonly Row[] => [
  ms('create port, 1 client, median', 'create', { times: 100 }),
  { what: 'create port, 1 client, p99', of: 'create', value: p99, unit: 'ms', goal: { underMs: 10 } },
  ms('show port, median', 'show', { times: 30 }),
  ms('update port, median', 'update', { times: 100 }),
  ms('delete port, median', 'delete'),
  perSecond('create port, 16 clients', 'crowd creates', 150),
  { what: 'create port, 16 clients, p99', of: 'crowd create', value: p99, unit: 'ms' },
  perSecond('show port, 16 clients', 'crowd shows', 100),
  ms('bulk create of 100 ports', 'bulk ports', { times: 500 }),
  ms('bulk create of 20 group rules', 'bulk rules', { times: 50 }),
  ms('20 group rules, one after another', 'serial rules', { underMs: 100 }),
  ...sizes.map((size) => ms(`list ${size.toLocaleString('en')} ports`, `list ${size}`, { times: 100 })),
  ms('list by device_id, of 2,000', 'by device', { times: 20 }),
  ms('page of 100, of 2,000', 'page', { times: 50 }),
];

const print = (value: number, unit: Row['unit']): string => {
  if (Number.isNaN(value)) return '';
  if (unit === '/s') return `${value.toFixed(value < 100 ? 1 : 0)}/s`;
  return `${value.toFixed(value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
};

/** The rows of the API's figure; without a peer only what needs none is judged. */
export const apiRows = (ours: Seen, peer: Seen | null, sizes: readonly number[]): readonly FigureRow[] =>
  rows(sizes).map(({ what, of, value, unit, goal }) => {
    const mine = value(ours.get(of) ?? []);
    const theirs = value(peer?.get(of) ?? []);
    const times = unit === '/s' ? mine / theirs : theirs / mine;
    const shown = { what, ours: print(mine, unit), peer: print(theirs, unit), ratio: Number.isNaN(times) ? '' : `${times.toFixed(0)}x` };
    if (goal === undefined) return { ...shown, goal: '' };
    if ('underMs' in goal) return { ...shown, goal: `under ${goal.underMs} ms`, isMet: mine < goal.underMs };
    return { ...shown, goal: `${goal.times}x`, ...(Number.isNaN(times) ? {} : { isMet: times >= goal.times }) };
  });

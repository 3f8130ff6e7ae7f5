import { type Paint, plain } from './format-explanation.js';
import type { Matrix, MatrixCell } from './matrix.js';

/** How long a name is shown. */
const LONGEST = 24;

/** All, some or none of the pairs; `-` where there are none to ask. */
export function cellWord({ pairs, allowed }: MatrixCell): 'all' | 'some' | 'none' | '-' {
  if (pairs === 0) return '-';
  return allowed === 0 ? 'none' : allowed === pairs ? 'all' : 'some';
}

const ROLES = { all: 'good', some: 'doubt', none: 'bad', '-': 'faint' } as const;

/** What a cell says: `all`, `none`, or how many of how many. */
function cellText(cell: MatrixCell): string {
  return cellWord(cell) === 'some' ? `${cell.allowed}/${cell.pairs}` : cellWord(cell);
}

/** A matrix as lines for a terminal: a row a source, a numbered column a destination, and what the numbers stand for below. */
export function formatMatrix({ sources, destinations, cells }: Matrix, paint: Paint = plain): readonly string[] {
  const names = sources.map(({ name, ports }) => `${short(name)} (${ports})`);
  const nameWidth = Math.max(4, ...names.map((name) => name.length));
  const heads = destinations.map((_, at) => String(at + 1));
  const widths = heads.map((head, at) => Math.max(head.length, ...cells.map((row) => cellText(row[at] ?? NOTHING).length)));
  const line = (first: string, rest: readonly string[]): string => `${first.padEnd(nameWidth)}  ${rest.join('  ')}`.trimEnd();
  return [
    line(
      'from',
      heads.map((head, at) => head.padStart(widths[at] ?? 0)),
    ),
    ...cells.map((row, r) =>
      line(
        names[r] ?? '',
        row.map((cell, at) => paint(ROLES[cellWord(cell)], cellText(cell).padStart(widths[at] ?? 0))),
      ),
    ),
    '',
    ...destinations.map(({ name, ports }, at) => `${paint('faint', `to ${at + 1}:`)} ${name} (${ports})`),
  ];
}

const NOTHING: MatrixCell = { pairs: 0, allowed: 0 };

function short(name: string): string {
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}

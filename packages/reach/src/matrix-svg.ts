import { cellWord } from './format-matrix.js';
import type { Matrix, MatrixCell } from './matrix.js';

/** Pixels. */
const CELL = 24;
const GAP = 2;
const CHARACTER = 7.2;
const MARGIN = 16;
const TITLE = 28;
const LEGEND = 40;

/** Colours that people who do not tell red from green tell apart (Okabe and Ito's palette), and a mark besides. */
const LOOKS = {
  all: { fill: '#009E73', mark: '●', words: 'all pass' },
  some: { fill: '#E69F00', mark: '◐', words: 'some pass' },
  none: { fill: '#EEEEEE', mark: '·', words: 'none pass' },
  '-': { fill: '#FFFFFF', mark: '', words: 'no pairs' },
} as const;

/** A matrix as an SVG picture, whole in itself: sources down, destinations across, each cell with its numbers as a tooltip. */
export function matrixSvg({ sources, destinations, cells }: Matrix, title: string): string {
  const left = MARGIN + CHARACTER * Math.max(4, ...sources.map(({ name, ports }) => `${name} (${ports})`.length)) + 8;
  const top = MARGIN + TITLE + CHARACTER * Math.max(4, ...destinations.map(({ name, ports }) => `${name} (${ports})`.length)) + 8;
  const legendWidth = 420;
  const width = Math.ceil(Math.max(left + destinations.length * CELL + MARGIN, legendWidth, title.length * 8.5 + 2 * MARGIN));
  const height = Math.ceil(top + sources.length * CELL + LEGEND + MARGIN);
  const rows = sources.map(({ name, ports }, r) => {
    const y = top + r * CELL + CELL / 2 + 4;
    return `<text x="${left - 8}" y="${y}" text-anchor="end">${escaped(`${name} (${ports})`)}</text>`;
  });
  const columns = destinations.map(({ name, ports }, c) => {
    const x = left + c * CELL + CELL / 2 + 4;
    return `<text x="${x}" y="${top - 8}" transform="rotate(-90 ${x} ${top - 8})">${escaped(`${name} (${ports})`)}</text>`;
  });
  const boxes = cells.flatMap((row, r) =>
    row.map((cell, c) =>
      box(cell, { x: left + c * CELL, y: top + r * CELL, label: `${sources[r]?.name ?? ''} → ${destinations[c]?.name ?? ''}` }),
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans Mono, Menlo, monospace" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#FFFFFF"/>`,
    `<text x="${MARGIN}" y="${MARGIN + 12}" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...rows,
    ...columns,
    ...boxes,
    ...legend(MARGIN, height - MARGIN),
    '</svg>',
    '',
  ].join('\n');
}

function box(cell: MatrixCell, { x, y, label }: { readonly x: number; readonly y: number; readonly label: string }): string {
  const { fill, mark } = LOOKS[cellWord(cell)];
  const size = CELL - GAP;
  const tip = `<title>${escaped(`${label}: ${cell.allowed} of ${cell.pairs}`)}</title>`;
  const sign = mark === '' ? '' : `<text x="${x + size / 2}" y="${y + size / 2 + 4}" text-anchor="middle">${mark}</text>`;
  return `<g>${tip}<rect x="${x}" y="${y}" width="${size}" height="${size}" fill="${fill}" stroke="#CCCCCC"/>${sign}</g>`;
}

function legend(left: number, y: number): readonly string[] {
  return Object.values(LOOKS)
    .filter(({ mark }) => mark !== '')
    .map(({ fill, mark, words }, at) => {
      const x = left + at * 120;
      return `<g><rect x="${x}" y="${y - 12}" width="14" height="14" fill="${fill}" stroke="#CCCCCC"/><text x="${x + 20}" y="${y}">${mark} ${words}</text></g>`;
    });
}

/** Names are whatever their owners liked: nothing of them is markup, and no control character gets into the document (XML 1.0, section 2.2). */
function escaped(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD');
  return clean.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

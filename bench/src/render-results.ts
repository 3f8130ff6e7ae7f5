import type { Figure, FigureRow } from './figure.js';

/** Where and when a run was made. */
export type Occasion = { readonly command: string; readonly machine: string; readonly date: string };

const HEAD =
  '# Measured\n\nA machine is noisy: compare within a figure. A figure says by which command it was measured, when, and where.\n';
const ORDER = ['API', 'Size', 'Feed'];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A row's goal, and whether it is met. */
export const judged = ({ goal, isMet }: FigureRow): string => (isMet === undefined ? goal : `${goal}: ${isMet ? 'met' : '**missed**'}`);

const renderFigure = ({ title, rows, notes }: Figure, { command, date, machine }: Occasion): string =>
  [
    `## ${title}`,
    '',
    `\`${command}\`, ${date}. ${machine}.`,
    '',
    line(['figure', 'manx', 'peer', 'ratio', 'goal']),
    line(['---', '---', '---', '---', '---']),
    ...rows.map((row) => line([row.what, row.ours, row.peer, row.ratio, judged(row)])),
    '',
    ...notes.map((note) => `${note}\n`),
  ].join('\n');

/** The figures of an earlier text, by title. */
const sectionsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split(/^(?=## )/m)
      .filter((section) => section.startsWith('## '))
      .map((section) => [section.slice(3, section.indexOf('\n')), `${section.trimEnd()}\n`]),
  );

/** The text of RESULTS.md: these figures, and those of the text before that were not measured again. */
export const renderResults = (occasion: Occasion, figures: readonly Figure[], before: string): string => {
  const sections = new Map([
    ...sectionsOf(before),
    ...figures.map((figure): [string, string] => [figure.title, renderFigure(figure, occasion)]),
  ]);
  const place = (title: string): number => (ORDER.includes(title) ? ORDER.indexOf(title) : ORDER.length);
  const sorted = [...sections].sort(([a], [b]) => place(a) - place(b));
  return [HEAD, ...sorted.map(([, section]) => section)].join('\n');
};

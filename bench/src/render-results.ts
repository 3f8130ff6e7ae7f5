import type { Figure } from './figure.js';

/** Where and when a run was made. */
export type Occasion = { readonly command: string; readonly machine: string; readonly date: string };

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const renderFigure = ({ title, rows, notes }: Figure): string =>
  [
    `## ${title}`,
    '',
    line(['figure', 'manx', 'peer', 'ratio', 'goal']),
    line(['---', '---', '---', '---', '---']),
    ...rows.map(({ what, ours, peer, ratio, goal }) => line([what, ours, peer, ratio, goal])),
    '',
    ...notes.map((note) => `${note}\n`),
  ].join('\n');

/** The text of RESULTS.md. */
export const renderResults = ({ command, machine, date }: Occasion, figures: readonly Figure[]): string =>
  `# Measured\n\nWritten by \`${command}\`, ${date}.\nMachine: ${machine}.\nA machine is noisy: compare within a run.\n\n${figures.map(renderFigure).join('\n')}`;

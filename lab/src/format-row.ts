import pc from 'picocolors';
import type { Row } from './check/row.js';

const promiseWidth = 5;
const verdictWidth = 4;
const gap = '  ';

/** Words of a text in lines of at most `width`; a longer word is cut. */
const wrap = (text: string, width: number): string[] => {
  const lines = [''];
  for (const word of text.split(/\s+/).flatMap((one) => one.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])) {
    const last = lines[lines.length - 1] ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};

/** How wide the two columns of text may be for lines of that width; null: as wide as their text, for a log or a pipe. */
type Columns = { readonly did: number; readonly saw: number } | null;

const columnsFor = (width: number | null): Columns => {
  if (width === null) return null;
  const room = Math.max(40, width - promiseWidth - verdictWidth - 3 * gap.length);
  const did = Math.ceil(room * 0.55);
  return { did, saw: room - did };
};

/** The head of the table of `lab check`. */
export const formatHead = (width: number | null): string =>
  formatCells({ promise: '', did: 'what was done', saw: 'what was seen', verdict: '' }, width);

/**
 * One row of the table of `lab check`: promise, what was done, what was seen, pass or FAIL; wrapped to lines of `width` characters, or in one
 * line when it is null.
 */
export const formatRow = ({ promise, did, saw, ok }: Row, width: number | null): string =>
  formatCells({ promise, did, saw, verdict: ok ? pc.green('pass') : pc.red(pc.bold('FAIL')) }, width);

const formatCells = (
  { promise, did, saw, verdict }: { readonly promise: string; readonly did: string; readonly saw: string; readonly verdict: string },
  width: number | null,
): string => {
  const columns = columnsFor(width);
  if (columns === null) return [promise.padEnd(promiseWidth), did.padEnd(80), saw.padEnd(50), verdict].join(gap).trimEnd();
  const [didLines, sawLines] = [wrap(did, columns.did), wrap(saw, columns.saw)];
  return Array.from({ length: Math.max(didLines.length, sawLines.length) }, (_, line) =>
    [
      (line === 0 ? promise : '').padEnd(promiseWidth),
      (didLines[line] ?? '').padEnd(columns.did),
      (sawLines[line] ?? '').padEnd(columns.saw),
      line === 0 ? verdict : '',
    ]
      .join(gap)
      .trimEnd(),
  ).join('\n');
};

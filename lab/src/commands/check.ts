import pc from 'picocolors';
import type { Row } from '../check/row.js';
import { runChecks } from '../check/run-checks.js';
import { formatHead, formatRow } from '../format-row.js';
import { withProgress } from '../progress.js';
import { demandPrograms, demandRoot } from '../requirements.js';
import { readRunningLab } from '../running-lab.js';
import { type Output, say, sayJson } from '../say.js';

/** Rows and their count: nothing proven is not a success. */
type Outcome = { readonly rows: readonly Row[]; readonly passed: number; readonly failed: number; readonly isGood: boolean };

const outcomeOf = (rows: readonly Row[]): Outcome => {
  const passed = rows.filter(({ ok }) => ok).length;
  return { rows, passed, failed: rows.length - passed, isGood: rows.length > 0 && passed === rows.length };
};

/** Runs every check and shows how far it is; `onRow` is told each row as it comes. */
const prove = async (onRow: (row: Row) => void): Promise<Outcome> =>
  await withProgress('end', async (board) => {
    board.step('proving the promises with packets');
    let proven = 0;
    return outcomeOf(
      await runChecks((row) => {
        proven += 1;
        onRow(row);
        board.amend(
          `proving the promises with packets: ${proven} rows so far, the last of ${row.promise === 'file' ? 'the cloud file' : row.promise}`,
        );
      }),
    );
  });

/** Runs every check and prints its table as the rows come; true when all passed. */
export const check = async (): Promise<boolean> => {
  const width = process.stdout.isTTY ? process.stdout.columns : null;
  say(pc.bold(formatHead(width)));
  const { passed, failed, isGood } = await prove((row) => say(formatRow(row, width)));
  say(`${passed} passed, ${failed} failed`);
  return isGood;
};

/** `./manx lab check`. */
export const labCheck = async (output: Output): Promise<boolean> => {
  demandRoot();
  await demandPrograms();
  await readRunningLab();
  if (output === 'text') return await check();
  const { isGood, ...said } = await prove(() => undefined);
  sayJson(said);
  return isGood;
};

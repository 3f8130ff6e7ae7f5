// Runs every test, then says how many passed, failed and were skipped as its last line.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'manx-test-'));
const report = join(folder, 'report.json');

const ended = spawnSync(
  process.execPath,
  [join(top, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { cwd: top, stdio: 'inherit' },
);

const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null;
rmSync(folder, { recursive: true, force: true });
if (counts === null) {
  console.error('test: the test runner ended without a report; see above.');
  process.exit(1);
}
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: todo } = counts;
// A file that fails to load has failed though none of its tests ran.
const brokenFiles = counts.testResults.filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed')).length;
if (brokenFiles > 0) console.error(`test: ${brokenFiles} test file(s) failed outside their tests; see above.`);
console.log(`${passed} passed, ${failed + brokenFiles} failed, ${skipped + todo} skipped`);
process.exit(ended.status === 0 && failed + brokenFiles === 0 && passed > 0 ? 0 : 1);

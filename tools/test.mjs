// Runs every test, then says how many passed, failed and were skipped as its last line. Arguments go to vitest (`-t S17`, a path).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'manx-test-'));

// The lab tells promises about time (a rule holds within a second): it has the machine to itself, after everything else.
const phases =
  process.argv.length > 2
    ? [{ name: 'chosen', args: process.argv.slice(2) }]
    : [
        // Most of these wait for programs more than they compute.
        { name: 'rooms', args: ['--project', 'rooms', '--maxWorkers', '2'] },
        { name: 'scenarios', args: ['--project', 'scenarios'] },
        { name: 'verify', args: ['--project', 'verify'] },
        { name: 'attacks', args: ['--project', 'attacks'] },
      ];

/** The failed tests of a report, as lines: the file, the test's full name, the first lines of why. Said once more at the end, where a log is read first. */
const tellFailures = (phase, testResults) =>
  testResults.flatMap((file) => {
    const where = relative(top, file.name);
    const tests = file.assertionResults.filter((test) => test.status === 'failed');
    // A file that fails to load has no test to name.
    const failures =
      tests.length === 0 && file.status === 'failed' ? [{ fullName: 'outside its tests', failureMessages: [file.message] }] : tests;
    return failures.flatMap(({ fullName, failureMessages }) => [
      `FAILED (${phase}) ${where}: ${fullName}`,
      ...failureMessages.flatMap((message) => message.split('\n').slice(0, 12)).map((line) => `    ${line}`),
    ]);
  });

/** Runs vitest once, in a place of its own; what its report counts. A run without a report counts as one failure. */
const runPhase = ({ name, args }) => {
  const report = join(folder, `${name}.json`);
  const vitest = join(top, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(
    join(top, 'tools/own-place.sh'),
    [process.execPath, vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
    {
      cwd: top,
      stdio: 'inherit',
    },
  );
  if (!existsSync(report)) {
    console.error('test: the test runner ended without a report; see above.');
    return { passed: 0, failed: 1, skipped: 0, told: [`FAILED (${name}) the test runner ended without a report`] };
  }
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  // A file that fails to load, or an error outside any test, has failed though no test did.
  const brokenFiles = counts.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  if (brokenFiles > 0) console.error(`test: ${brokenFiles} test file(s) failed outside their tests; see above.`);
  const failed = counts.numFailedTests + brokenFiles;
  if (failed === 0 && status !== 0) console.error('test: no test failed, yet the test runner did; see above.');
  return {
    passed: counts.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: counts.numPendingTests + counts.numTodoTests,
    told: tellFailures(name, counts.testResults),
  };
};

const results = phases.map(runPhase);
rmSync(folder, { recursive: true, force: true });
const sum = (count) => results.reduce((total, result) => total + result[count], 0);
for (const line of results.flatMap(({ told }) => told)) console.log(line);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exit(sum('failed') === 0 && sum('passed') > 0 ? 0 : 1);

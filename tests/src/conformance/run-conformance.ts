// `make conformance`: Tempest's own tests of the network API, against a server with a real Keystone. Ends with a summary; the exit code is 0 when
// every test passed but those of exceptions.ts.
//   node tests/dist/conformance/run-conformance.js [REGEX of tests]...
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ConformanceCloud, startConformanceCloud } from './cloud-under-test.js';
import { exceptionFor } from './exceptions.js';
import { readTempestResults, type TempestResult } from './tempest-results.js';
import { tempestSettings } from './tempest-settings.js';

/** The suite, unless told. */
const SUITES = ['^tempest\\.api\\.network\\.'];

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Makes Tempest's workspace and gives its output, which is shown as it comes. */
const runTempest = async (
  { keystone, workspace, publicNetworkId, extensions }: ConformanceCloud,
  suites: readonly string[],
): Promise<string> => {
  const etc = join(workspace, 'etc');
  await mkdir(etc);
  const lockPath = join(workspace, 'locks');
  const settings = tempestSettings({
    identityUrl: keystone.url,
    adminPassword: keystone.admin.password,
    publicNetworkId,
    extensions,
    lockPath,
  });
  await writeFile(join(etc, 'tempest.conf'), settings);
  const stestr = ['[DEFAULT]', 'test_path=/usr/lib/python3/dist-packages/tempest/test_discover', 'top_dir=/usr/lib/python3/dist-packages'];
  await writeFile(join(workspace, '.stestr.conf'), `${stestr.join('\n')}\n`);
  const options = {
    cwd: workspace,
    env: { PATH: process.env['PATH'], HOME: workspace, PYTHONUNBUFFERED: '1', TEMPEST_CONFIG_DIR: etc, TEMPEST_CONFIG: 'tempest.conf' },
  };
  await promisify(execFile)('stestr', ['init'], options);
  const child = spawn('stestr', ['run', '--concurrency', '1', suites.join('|')], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    process.stdout.write(piece);
  });
  await once(child, 'close');
  return text;
};

const listed = (results: readonly TempestResult[]): string =>
  results.map(({ test, reason }) => `  ${test}${reason === '' ? '' : `: ${reason}`}`).join('\n');

/** Says what came of it and gives the exit code. */
const summarise = (results: readonly TempestResult[]): number => {
  const of = (outcome: TempestResult['outcome']): TempestResult[] => results.filter((result) => result.outcome === outcome);
  const unexpected = of('failed').filter(({ test }) => exceptionFor(test) === null);
  const unlisted = of('skipped').filter(({ test }) => exceptionFor(test) === null);
  const expected = [...of('failed'), ...of('skipped')].filter(({ test }) => exceptionFor(test) !== null);
  say('');
  for (const { test } of expected) say(`not here: ${test}: ${exceptionFor(test)?.reason ?? ''}`);
  if (unlisted.length > 0) say(`\nskipped without a listed reason:\n${listed(unlisted)}`);
  if (unexpected.length > 0) say(`\nfailed:\n${listed(unexpected)}`);
  say(
    `\n${of('passed').length} passed, ${unexpected.length} failed, ${unlisted.length} skipped, ${expected.length} listed in docs/reference/conformance.md`,
  );
  return unexpected.length > 0 || unlisted.length > 0 || of('passed').length === 0 ? 1 : 0;
};

const suites = process.argv.length > 2 ? process.argv.slice(2) : SUITES;
say('==> starting a Keystone and a server');
const cloud = await startConformanceCloud();
try {
  process.exitCode = summarise(readTempestResults(await runTempest(cloud, suites)));
} finally {
  await cloud.end();
}

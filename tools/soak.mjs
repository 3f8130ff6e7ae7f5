// Tries the properties with new values, again and again: `node tools/soak.mjs RUNS`. Ends with the first run in which one fails.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const runs = Number(process.argv[2]);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`soak: RUNS is a number from 1, not '${process.argv[2]}'`);

const tracked = spawnSync('git', ['ls-files', '*.test.ts'], { cwd: top, encoding: 'utf8' }).stdout.trim().split('\n');
// Those of the stores are in one file, which their tests share.
const files = tracked
  .filter((path) => /\bfc\.(assert|check)\(|'\.\/conformance\.js'/.test(readFileSync(join(top, path), 'utf8')))
  .map((path) => path.replace('/src/', '/dist/').replace(/\.ts$/, '.js'));

for (let run = 1; run <= runs; run++) {
  const seed = Date.now() % 2 ** 31;
  console.log(`soak: run ${run} of ${runs}, ${files.length} files, MANX_SEED=${seed}`);
  const { status } = spawnSync(process.execPath, ['tools/test.mjs', '--maxWorkers', '2', ...files], {
    cwd: top,
    stdio: 'inherit',
    env: { ...process.env, MANX_SEED: String(seed) },
  });
  if (status === 0) continue;
  console.error(`soak: a property failed; the same values again: MANX_SEED=${seed} node tools/test.mjs PATH`);
  process.exit(1);
}

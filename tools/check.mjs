// The static checks. Each says how much it looked at; a check that saw nothing fails.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockProblems } from './lock.mjs';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(top, 'node_modules/.bin', name);

/** Runs a program; what it printed, and whether it succeeded. */
const run = (command, args) => {
  const ended = spawnSync(command, args, { cwd: top, encoding: 'utf8', maxBuffer: 64 << 20 });
  return { ok: ended.status === 0, text: `${ended.stdout ?? ''}${ended.stderr ?? ''}${ended.error?.message ?? ''}` };
};

const trackedSources = run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'])
  .text.trim()
  .split('\n')
  .filter(Boolean);

/** A count found in a tool's output, or 0. */
const countIn = (text, pattern) => Number(pattern.exec(text)?.[1] ?? 0);

const forbiddenNames = () => {
  const bad = trackedSources.filter((path) => /(^|[/-])(utils?|helpers?|common|misc|base|manager)[./-]/.test(path));
  return { ok: bad.length === 0, text: bad.map((path) => `${path}: this name says nothing\n`).join(''), seen: trackedSources.length };
};

const longFiles = () => {
  const bad = trackedSources.filter((path) => !path.endsWith('.test.ts') && readFileSync(join(top, path), 'utf8').split('\n').length > 500);
  return {
    ok: bad.length === 0,
    text: bad.map((path) => `${path}: over 500 lines; is it one thing?\n`).join(''),
    seen: trackedSources.length,
  };
};

const checks = [
  { name: 'types', run: () => ({ ...run(process.execPath, ['tools/build.mjs']), seen: trackedSources.length }) },
  {
    name: 'lint',
    run: () => {
      const result = run(bin('oxlint'), ['--type-aware', '--deny-warnings']);
      return { ...result, seen: countIn(result.text, /on (\d+) files/) };
    },
  },
  {
    name: 'format',
    run: () => {
      const result = run(bin('biome'), ['check', '--error-on-warnings', '.']);
      return { ...result, seen: countIn(result.text, /Checked (\d+) files/) };
    },
  },
  {
    name: 'borders',
    run: () => {
      const result = run(bin('depcruise'), ['--config', 'tools/borders.cjs', 'packages', 'apps', 'lab', 'bench', 'tests']);
      return { ...result, seen: countIn(result.text, /(\d+) modules/) };
    },
  },
  { name: 'dead code', run: () => ({ ...run(bin('knip'), ['--no-progress', '--no-config-hints']), seen: trackedSources.length }) },
  {
    name: 'lock file',
    run: () => {
      const { lines, seen } = lockProblems();
      return { ok: lines.length === 0, text: lines.join('\n'), seen };
    },
  },
  { name: 'names', run: forbiddenNames },
  { name: 'lengths', run: longFiles },
];

let failed = 0;
for (const check of checks) {
  const { ok, text, seen } = check.run();
  const passed = ok && seen > 0;
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${check.name}: ${seen} files`);
  if (!passed) {
    failed += 1;
    process.stderr.write(`${text}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1);

import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EventFile } from './event-file.js';

const folder = mkdtempSync(join(tmpdir(), 'manx-t-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('lines are appended in order, to a file that others may not read; one that was moved away is made anew', async () => {
  const path = join(folder, 'log');
  const problems: (string | null)[] = [];
  const file = new EventFile(path, (problem) => problems.push(problem));
  file.write('one');
  file.write('two');
  await file.flush();
  renameSync(path, `${path}.1`);
  file.write('three');
  await file.close();
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\ntwo\n');
  expect(readFileSync(path, 'utf8')).toBe('three\n');
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(problems).toEqual([]);
});

it('what cannot be written is told, with how much; the next is tried again, and that it works is told', async () => {
  const path = join(folder, 'missing', 'log');
  const problems: (string | null)[] = [];
  const file = new EventFile(path, (problem) => problems.push(problem));
  for (let n = 0; n < 10_003; n++) file.write('x');
  await file.flush();
  expect(problems).toEqual([expect.stringMatching(/^10003 lines were lost: .*ENOENT/)]);
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(folder, 'missing'));
  file.write('y');
  await file.close();
  expect(readFileSync(path, 'utf8')).toBe('y\n');
  expect(problems.at(-1)).toBeNull();
});

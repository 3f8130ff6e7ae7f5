import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { EXCEPTIONS } from './exceptions.js';

it('every exception is told in docs/reference/conformance.md', async () => {
  const page = await readFile(new URL('../../../docs/reference/conformance.md', import.meta.url), 'utf8');
  expect(EXCEPTIONS.filter(({ reason }) => !page.includes(reason))).toEqual([]);
});

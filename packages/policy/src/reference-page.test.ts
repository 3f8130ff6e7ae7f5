import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { referenceTable, TABLE_BEGINS } from './testing/reference-table.js';

const PAGE = new URL('../../../docs/reference/policy.md', import.meta.url);

describe('the reference page of the policy', () => {
  it('lists every rule as it is in the code (after a change: node tools/policy-page.mjs)', async () => {
    const page = await readFile(PAGE, 'utf8');
    expect(page.slice(page.indexOf(TABLE_BEGINS))).toBe(referenceTable());
  });
});

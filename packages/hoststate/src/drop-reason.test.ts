import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DROP_REASONS, isDropReason } from './drop-reason.js';

it('every reason stands in its reference page as it is told, and no other does', () => {
  const page = readFileSync(new URL('../../../docs/reference/drop-reasons.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\S+)` \| (from|to) \| (.*) \|$/gm)].map(([, reason, end, text]) => [reason, end, text]);
  const known = Object.entries(DROP_REASONS).map(([reason, { direction, text }]) => [reason, direction === 'egress' ? 'from' : 'to', text]);
  expect(rows).toEqual(known);
});

it('what is inherited is no reason', () => {
  expect(['source', 'toString', '', 'constructor'].map(isDropReason)).toEqual([true, false, false, false]);
});

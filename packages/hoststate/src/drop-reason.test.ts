import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DROP_REASONS, isDropReason } from './drop-reason.js';

it('every reason stands in its reference page as it is told, with what to do about it, and no other does', () => {
  const page = readFileSync(new URL('../../../docs/reference/drop-reasons.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\S+)` \| (from|to) \| (.*) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
  const known = Object.entries(DROP_REASONS).map(([reason, { direction, text, advice }]) => [
    reason,
    direction === 'egress' ? 'from' : 'to',
    text,
    advice,
  ]);
  expect(rows).toEqual(known);
});

it('what is inherited is no reason', () => {
  expect(['source', 'toString', '', 'constructor'].map(isDropReason)).toEqual([true, false, false, false]);
});

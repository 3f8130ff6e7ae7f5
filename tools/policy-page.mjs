// Writes the default policy into its reference page: everything after the page's marker is made from packages/policy (build it first).
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referenceTable, TABLE_BEGINS } from '../packages/policy/dist/testing/reference-table.js';

const path = join(dirname(fileURLToPath(import.meta.url)), '../docs/reference/policy.md');
const page = readFileSync(path, 'utf8');
const at = page.indexOf(TABLE_BEGINS);
const prose = at === -1 ? `${page.trimEnd()}\n\n` : page.slice(0, at);
writeFileSync(path, prose + referenceTable());
console.log(`${path}: ${referenceTable().split('\n').length} lines of rules`);

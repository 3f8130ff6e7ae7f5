import { DEFAULT_POLICY } from '../default-policy.js';
import { isNotServed } from '../elsewhere.js';
import type { PolicyRule } from '../policy-rule.js';

/** The line of the reference page after which everything is made from the code. */
export const TABLE_BEGINS = '<!-- From here on made by `node tools/policy-page.mjs` from packages/policy; a test holds it to the code. -->';

/** The default policy as the reference page shows it, in Markdown. */
export const referenceTable = (): string => {
  const rules = Object.entries(DEFAULT_POLICY);
  const rowsOf = (scope: PolicyRule['scope']): string =>
    rules
      .flatMap(([name, { rule, doc, scope: own }]) => (own === scope ? [`| \`${name}\` | ${code(rule)} | ${doc}${served(name)} |`] : []))
      .join('\n');
  return [
    TABLE_BEGINS,
    '',
    '## Rules that other rules refer to',
    '',
    '| name | rule | who or what it is |',
    '| --- | --- | --- |',
    rowsOf('any'),
    '',
    '## Actions',
    '',
    '| name | rule | what it allows |',
    '| --- | --- | --- |',
    rowsOf('project'),
    '',
    '## Beside an action',
    '',
    'What Neutron asks an administrator for in its code, where no policy file reaches it. Here these are rules, asked of the other thing.',
    '',
    '| name | rule | what it allows |',
    '| --- | --- | --- |',
    rowsOf('beside'),
    '',
  ].join('\n');
};

const code = (rule: string): string => (rule === '' ? '(everybody)' : `\`${rule}\``);

const served = (name: string): string => (isNotServed(name) ? ' Not served.' : '');

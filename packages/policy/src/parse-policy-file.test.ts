import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicy, formatPolicyProblem, parsePolicyFile } from './index.js';

const told = (text: string): string[] => parsePolicyFile(text).problems.map((problem) => formatPolicyProblem(problem, 'policy.yaml'));

describe('policy files', () => {
  it('are maps of names to rules, in text or as lists, with comments; JSON is one too', () => {
    const text =
      '# mine\n"create_network": "rule:admin_only"\nget_network: [["role:reader", "project_id:%(project_id)s"], "role:auditor"]\n';
    expect(parsePolicyFile(text)).toEqual({
      overrides: { create_network: 'rule:admin_only', get_network: [['role:reader', 'project_id:%(project_id)s'], 'role:auditor'] },
      lines: { create_network: 2, get_network: 3 },
      problems: [],
      warnings: [],
    });
    expect(parsePolicyFile('{"get_agent": "@"}').overrides).toEqual({ get_agent: '@' });
    for (const empty of ['', '# nothing\n', '---\n']) expect(parsePolicyFile(empty)).toMatchObject({ overrides: {}, problems: [] });
  });

  it.each([
    [
      'an unknown name',
      'create_netwrok: "@"\n',
      [
        'policy.yaml:1: create_netwrok: column 1: there is no such rule, and no rule of this file refers to it (did you mean create_network?)',
      ],
    ],
    [
      'a rule that is no text',
      'get_network:\nget_port: 1\n',
      [
        'policy.yaml:1: get_network: column 1: must be text, or a list of checks and of lists of checks',
        'policy.yaml:2: get_port: column 1: must be text, or a list of checks and of lists of checks',
      ],
    ],
    ['a list in place of a map', '- a\n', ['policy.yaml:1: column 1: must be a map of rule names to rules']],
    ['a name that is no text', '1: "@"\n', ['policy.yaml:1: column 1: a rule name must be text']],
  ])('%s is told with its line', (_what, text, expected) => {
    expect(told(text)).toEqual(expected);
  });

  it('a name twice and broken YAML are told', () => {
    expect(told('get_port: "@"\nget_port: "!"\n')[0]).toMatch(/^policy\.yaml:2: column 1: this is not valid YAML/);
    expect(told('get_port: "@\n')[0]).toMatch(/not valid YAML/);
    expect(told('get_port: *x\n')).not.toEqual([]);
  });

  it('a mistake in a rule is told with its line and column', () => {
    const { overrides, lines } = parsePolicyFile('# one\n\ncreate_network: role:a or\n');
    const problems = createPolicy({ overrides, lines });
    expect(Array.isArray(problems) && problems.map((problem) => formatPolicyProblem(problem, 'p.yaml'))).toEqual([
      'p.yaml:3: create_network: column 10: the rule ends where a check is expected',
    ]);
  });

  it('a name of its own is taken when another rule refers to it', () => {
    expect(parsePolicyFile('netadmin: role:netadmin\ncreate_network: rule:netadmin\n').problems).toEqual([]);
    expect(parsePolicyFile('netadmin: rule:netadmin\n').problems).toHaveLength(1);
  });

  it("names of earlier releases count as today's, with a warning, unless today's is there too", () => {
    const old = parsePolicyFile('create_networks_tags: "!"\n');
    expect(old.overrides).toEqual({ 'create_network:tags': '!' });
    expect(old.warnings.map(({ code, subject }) => [code, subject])).toEqual([['deprecated', 'create_networks_tags']]);
    expect(parsePolicyFile('create_networks_tags: "!"\ncreate_network:tags: "@"\n').overrides).toEqual({ 'create_network:tags': '@' });
  });

  it('what Neutron has and Manx does not serve is passed over with a warning', () => {
    const { overrides, problems, warnings } = parsePolicyFile('create_trunk: "@"\nget_dhcp-agents: "@"\nadd_subports: "@"\n');
    expect([overrides, problems]).toEqual([{}, []]);
    expect(warnings.map(({ code }) => code)).toEqual(['not-served', 'not-served', 'not-served']);
  });

  it('any text is a file or problems, and what it says a policy or problems: never an exception', () => {
    const piece = fc.constantFrom(
      'get_port',
      'rule:',
      'role:a',
      'not',
      ' and ',
      ' or ',
      '(',
      ')',
      '%(a)s',
      '%',
      '"',
      "'",
      ': ',
      '\n',
      '- ',
      '[',
      ']',
      '@',
      '!',
      'field:a:b=~',
      '&',
      '*',
      '{',
      '}',
      '#',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { overrides, lines } = parsePolicyFile(pieces.join(''));
        expect(createPolicy({ overrides, lines })).toBeTypeOf('object');
      }),
      { numRuns: 300 },
    );
  });

  it('any text is a rule or a problem', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('rule: %()s@!andotRf=~\'"\t')) }), (text) => {
        expect(createPolicy({ overrides: { it: text } })).toBeTypeOf('object');
      }),
      { numRuns: 300 },
    );
  });
});

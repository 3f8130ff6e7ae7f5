import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { closestWord, formatSettingsProblem, parseSettings, readSettings, SettingsFault } from './index.js';

const schema = Type.Object(
  {
    host: Type.String({ minLength: 1 }),
    store: Type.Union([
      Type.Object({ kind: Type.Literal('sqlite'), path: Type.String() }, { additionalProperties: false }),
      Type.Object({ kind: Type.Literal('memory') }, { additionalProperties: false }),
    ]),
    peers: Type.Array(
      Type.Object({ asn: Type.Integer({ minimum: 1 }), address: Type.String({ format: 'v4' }) }, { additionalProperties: false }),
      {
        default: [],
      },
    ),
    mode: Type.Union([Type.Literal('drop'), Type.Literal('accept')], { default: 'drop' }),
  },
  { additionalProperties: false },
);
const formats = { v4: { check: (text: string) => /^\d+\.\d+\.\d+\.\d+$/.test(text), says: 'an IPv4 address such as 192.0.2.1' } };
const problemsOf = (text: string): readonly string[] => {
  const parsed = parseSettings({ file: 'a.yaml', text }, schema, formats);
  return parsed.ok ? [] : parsed.problems.map(formatSettingsProblem);
};

describe('settings files', () => {
  it('fills in the defaults of the schema', () => {
    const parsed = parseSettings({ file: 'a.yaml', text: 'host: h1\nstore: {kind: memory}\n' }, schema, formats);
    expect(parsed).toEqual({ ok: true, value: { host: 'h1', store: { kind: 'memory' }, peers: [], mode: 'drop' } });
  });

  it.each([
    [
      'an unknown key, at the key, with what was meant',
      'host: h\nstor: {kind: memory}\nstore: {kind: memory}\n',
      ['a.yaml:2:1: stor: unknown key (did you mean store?)'],
    ],
    ['a missing key, at its map', 'host: h\n', ['a.yaml:1:1: store: this key is missing']],
    ['a value of the wrong type, at the value', 'host: 3\nstore: {kind: memory}\n', ['a.yaml:1:7: host: must be text']],
    [
      'a deep value',
      'host: h\nstore: {kind: memory}\npeers:\n  - asn: 0\n    address: x\n',
      ['a.yaml:4:10: peers.0.asn: must be at least 1', 'a.yaml:5:14: peers.0.address: must be an IPv4 address such as 192.0.2.1'],
    ],
    ['a wrong tag of a choice', 'host: h\nstore: {kind: etcd}\n', ['a.yaml:2:15: store.kind: must be one of sqlite, memory']],
    [
      'a wrong key in the branch that was meant',
      'host: h\nstore: {kind: sqlite, pth: /x}\n',
      ['a.yaml:2:8: store.path: this key is missing', 'a.yaml:2:23: store.pth: unknown key (did you mean path?)'],
    ],
    ['a wrong word', 'host: h\nstore: {kind: memory}\nmode: dorp\n', ['a.yaml:3:7: mode: must be one of drop, accept']],
    ['an empty file', '', ['a.yaml:1:1: the file is empty']],
    ['a list in place of a map', '- 1\n', ['a.yaml:1:1: must be a map of keys and values']],
  ])('names file, line and column of %s', (_title, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it.each([
    ['a duplicate key', 'host: h\nhost: i\nstore: {kind: memory}\n', /^a\.yaml:2:1: this is not valid YAML: .*unique/],
    ['an unclosed bracket', 'host: h\nstore: {kind: memory\n', /^a\.yaml:\d+:\d+: this is not valid YAML/],
    ['an alias', 'host: h\nstore: *s\n', /^a\.yaml:2:8: this is not valid YAML: aliases/],
    ['a tab as indentation', 'host: h\nstore:\n\tkind: memory\n', /^a\.yaml:3:\d+: this is not valid YAML/],
  ])('names file, line and column of %s', (_title, text, expected) => {
    expect(problemsOf(text)[0]).toMatch(expected);
  });

  it('any text is either settings or problems, never an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('host: \n-[]{}&*!|>\'"#%@,?~0')) }), (text) => {
        const parsed = parseSettings({ file: 'a.yaml', text }, schema, formats);
        expect(parsed.ok || parsed.problems.length > 0).toBe(true);
      }),
    );
  });

  it('a file that is not there is a fault that says so, and an error in one lists every line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'manx-settings-'));
    try {
      await expect(readSettings(join(folder, 'none.yaml'), schema)).rejects.toThrow('none.yaml:1:1: there is no such file');
      await writeFile(join(folder, 'a.yaml'), 'hots: h\nstore: {kind: memory}\n');
      const fault: unknown = await readSettings(join(folder, 'a.yaml'), schema, formats).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(SettingsFault);
      expect((fault as SettingsFault).problems.map((problem) => problem.code)).toEqual(['missing-key', 'unknown-key']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('a secret in the wrong place is not quoted', () => {
    expect(problemsOf('host: [hunter2]\nstore: {kind: hunter2}\nmode: hunter2').join()).not.toContain('hunter2');
  });
});

describe('closestWord', () => {
  it('suggests what is near and nothing else', () => {
    expect(closestWord('peeers', ['peers', 'asn'])).toBe('peers');
    expect(closestWord('zebra', ['peers', 'asn'])).toBeNull();
  });
});

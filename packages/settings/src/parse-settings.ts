import { Ajv, type ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { closestWord } from './closest-word.js';
import { describeSchemaError, subjectOf } from './schema-error.js';
import type { SettingsProblem } from './settings-problem.js';
import { tellingErrors } from './telling-errors.js';
import type { TextFormats } from './text-format.js';

/** Settings as their schema describes them, or all that is wrong with the file, in the file's order. */
export type ParsedSettings<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] };

type Source = { readonly file: string; readonly text: string };

/** Parses YAML 1.2 text strictly: duplicate keys, unknown keys and wrong types are problems; defaults of the schema are filled in. */
export const parseSettings = <S extends TSchema>(source: Source, schema: S, formats: TextFormats = {}): ParsedSettings<Static<S>> => {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, prettyErrors: false, strict: true });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const yamlProblems = [...document.errors, ...document.warnings, ...aliasesOf(document)].map(
    (error): SettingsProblem => ({
      code: 'yaml',
      file: source.file,
      ...at(error.pos[0]),
      subject: '',
      detail: `this is not valid YAML: ${error.message}`,
    }),
  );
  if (yamlProblems.length > 0) return { ok: false, problems: yamlProblems };
  if (document.contents === null) {
    return { ok: false, problems: [{ code: 'yaml', file: source.file, line: 1, column: 1, subject: '', detail: 'the file is empty' }] };
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const errors = schemaErrors(schema, value, formats);
  if (errors.length === 0) return { ok: true, value: value as Static<S> };
  const problems = errors.map((error): SettingsProblem => {
    const { code, detail } = describeSchemaError(error, formats, closestWord);
    return { code, file: source.file, ...at(offsetOf(document, error)), subject: subjectOf(error), detail };
  });
  return { ok: false, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
};

type Mistake = { readonly pos: readonly [number, number]; readonly message: string };

/** Aliases (`*name`) are refused: a few of them can stand for gigabytes, and nothing here is worth repeating. */
const aliasesOf = (document: Document): readonly Mistake[] => {
  const found: Mistake[] = [];
  visit(document, {
    Alias: (_key, node) => {
      found.push({ pos: [node.range?.[0] ?? 0, node.range?.[1] ?? 0], message: `aliases such as *${node.source} are not read here` });
    },
  });
  return found;
};

const schemaErrors = (schema: TSchema, value: unknown, formats: TextFormats): readonly ErrorObject[] => {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, verbose: true });
  for (const [name, format] of Object.entries(formats)) ajv.addFormat(name, format.check);
  const validate = ajv.compile(schema);
  return validate(value) ? [] : tellingErrors(validate.errors ?? []);
};

/** The offset of what is wrong: the unknown key itself, else the value, else the nearest thing around it that exists. */
const offsetOf = (document: Document, error: ErrorObject): number => {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    const unknownKey: unknown = length === path.length ? error.params['additionalProperty'] : undefined;
    if (unknownKey !== undefined && isMap(node)) {
      const key = node.items.map((item) => item.key).find((key) => isScalar(key) && String(key.value) === unknownKey);
      if (isScalar(key) && key.range) return key.range[0];
    }
    return node.range?.[0] ?? 0;
  }
  return 0;
};

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

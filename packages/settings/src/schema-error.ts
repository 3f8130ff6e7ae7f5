import type { ErrorObject } from 'ajv';
import type { SettingsProblem } from './settings-problem.js';
import type { TextFormats } from './text-format.js';

const TYPES: Readonly<Record<string, string>> = {
  object: 'a map of keys and values',
  array: 'a list',
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

type Said = { readonly code: SettingsProblem['code']; readonly detail: string };
type Closest = (word: string, words: readonly string[]) => string | null;

/** Where in the tree an error is, with the key that it is about: `bgp.peers.0.address`. */
export const subjectOf = (error: ErrorObject): string => {
  const path = error.instancePath.split('/').slice(1);
  const key: unknown = error.params['additionalProperty'] ?? error.params['missingProperty'];
  return (typeof key === 'string' ? [...path, key] : path).join('.');
};

/** A schema error in a person's words. Never quotes the value: it may be a secret. */
export const describeSchemaError = (error: ErrorObject, formats: TextFormats, closest: Closest): Said => {
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
      const meant = closest(String(params['additionalProperty']), known);
      const hint = meant === null ? ` (known here: ${known.join(', ') || 'none'})` : ` (did you mean ${meant}?)`;
      return { code: 'unknown-key', detail: `unknown key${hint}` };
    }
    case 'required':
      return { code: 'missing-key', detail: 'this key is missing' };
    case 'format':
      return { code: 'bad-value', detail: `must be ${formats[String(params['format'])]?.says ?? `a ${String(params['format'])}`}` };
    default:
      return { code: 'bad-value', detail: describeValue(error.keyword, params) ?? error.message ?? 'is not valid' };
  }
};

const describeValue = (keyword: string, params: Readonly<Record<string, unknown>>): string | null => {
  const limit = String(params['limit']);
  switch (keyword) {
    case 'type':
      return `must be ${[params['type']]
        .flat()
        .map((type) => TYPES[String(type)] ?? String(type))
        .join(' or ')}`;
    case 'const':
      return `must be ${String(params['allowedValue'])}`;
    case 'enum':
      return `must be one of ${(params['allowedValues'] as readonly unknown[]).map(String).join(', ')}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'minLength':
      return limit === '1' ? 'must not be empty' : `must have at least ${limit} characters`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'minItems':
      return `must list at least ${limit}`;
    case 'pattern':
      return `must match ${String(params['pattern'])}`;
    case 'uniqueItems':
      return 'lists the same thing twice';
    default:
      return null;
  }
};

import type { Attribute, Derived } from '@manx/model';
import type { Schema } from './operation-doc.js';
import { componentName } from './resource-schemas.js';

/** A parameter of an operation. */
export type Parameter = Schema & { readonly name: string };

/** A query parameter that may be repeated: its values are alternatives. */
const repeated = (name: string, description: string, items: Schema = { type: 'string' }): Parameter => ({
  name,
  in: 'query',
  description,
  schema: { type: 'array', items },
  style: 'form',
  explode: true,
});

const single = (name: string, description: string, schema: Schema): Parameter => ({ name, in: 'query', description, schema });

/** Which attributes an answer shows. */
export const fieldsParameter = (names: readonly string[]): Parameter =>
  repeated('fields', 'Show these attributes only; what is required of an answer is then required of these alone.', { enum: names });

/** The pages of a list. */
const PAGE: readonly Parameter[] = [
  single('limit', 'At most so many; 0 for all.', { type: 'integer', minimum: 0 }),
  single('marker', 'Begin after the one with this id (before it, in reverse).', { type: 'string' }),
  single('page_reverse', 'Read backwards.', { type: 'boolean' }),
];

const ordered = (keys: readonly string[]): readonly Parameter[] => [
  repeated('sort_key', 'Sort by this; repeated: then by that. As many as `sort_dir`.', { enum: keys }),
  repeated('sort_dir', 'Which way, for each `sort_key`.', { enum: ['asc', 'desc'] }),
];

/** What the list of a kind of resources can be asked for. */
export const listParameters = (attributes: { readonly [name: string]: Attribute }): readonly Parameter[] => {
  const all = Object.entries(attributes);
  const keys = all.filter(([, { isSortKey }]) => isSortKey).map(([name]) => name);
  return [
    ...all.filter(([, { isFilter }]) => isFilter).map(([name, { doc }]) => repeated(name, `Filter. ${doc}`)),
    fieldsParameter(all.filter(([, { seenBy }]) => seenBy !== 'nobody').map(([name]) => name)),
    ...ordered(keys),
    ...PAGE,
  ];
};

/** What the list of a derived collection can be asked for. */
export const derivedParameters = ({ attributes, filters = {}, accepted = [], key }: Derived): readonly Parameter[] => {
  const names = Object.keys(attributes);
  return [
    ...names.map((name) => repeated(name, 'Filter.')),
    ...Object.keys(filters).map((name) => repeated(name, 'Filter.')),
    ...accepted.map((name) => repeated(name, 'Taken, and without effect here.')),
    fieldsParameter(names),
    ...ordered(names),
    ...(key === null ? [] : PAGE),
  ];
};

/** `If-Match: revision_number=N`. */
export const IF_MATCH: Parameter = {
  name: 'If-Match',
  in: 'header',
  description: 'Do it only while the resource has this revision: 412 when it has another.',
  schema: { type: 'string', pattern: '^revision_number=\\d+$' },
};

/** The parts of a URL that stand for something. */
export const pathParameters = (path: string): readonly Parameter[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: `Which ${componentName(name)}.`,
    schema: { type: 'string' },
  }));

import { isProblem, type Problem, problem } from './problem.js';

/** A value that was read, or in words why it was not (it goes after "Reason: "), or a problem with a type of its own. */
export type ReadValue = { readonly value: unknown } | { readonly reason: string } | Problem;

/** How one attribute's values are read from a request, and what they look like in the API description (JSON Schema). */
export type ValueRule = {
  readonly schema: { readonly [keyword: string]: unknown };
  readonly read: (value: unknown) => ReadValue;
  /** Reads the text of a query parameter; without it the text is compared as it is. A problem refuses the whole query. */
  readonly readFilter?: (text: string) => unknown;
};

/** A value in an error message: as JSON, cut where it is longer than anything sensible. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 255 ? `${text.slice(0, 255)}...` : text;
}

/** Whether the value is a plain JSON object. */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text of at most `max` characters, any characters at all. */
export function text(max: number): ValueRule {
  return {
    schema: { type: 'string', maxLength: max },
    read: (value) => {
      const reason = textReason(value, max);
      return reason === null ? { value } : { reason };
    },
  };
}

/** Text of at most `max` printable characters, without space at either end: Neutron's names. */
export function nameText(max: number): ValueRule {
  return {
    schema: { type: 'string', maxLength: max },
    read: (value) => {
      const reason = textReason(value, max);
      if (reason !== null) return { reason };
      return PRINTABLE.test(String(value)) ? { value } : { reason: `'${shown(value)}' is not a valid string` };
    },
  };
}

/** Nothing of Unicode's "other" and line or paragraph separators anywhere, no space first or last. */
const PRINTABLE = /^(?![\p{C}\p{Z}])[^\p{C}\p{Zl}\p{Zp}]*(?<![\p{C}\p{Z}])$/u;

function textReason(value: unknown, max: number): string | null {
  if (typeof value !== 'string') return `'${shown(value)}' is not a valid string`;
  // Characters are code points, as in Neutron; only text that may be too long is counted.
  if (value.length > max && codePoints(value) > max) return `'${shown(value)}' exceeds maximum length of ${max}`;
  return null;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Text as `text`, but not blank: a project, which must be somebody. */
export function ownerText(max: number): ValueRule {
  const { schema, read } = text(max);
  return {
    // Answers have '' as the owner of what belongs to the network itself, such as the port of a router's gateway.
    schema,
    read: (value) =>
      typeof value === 'string' && value.trim() === '' ? { reason: `'${value}' Blank strings are not permitted` } : read(value),
  };
}

/** As the rule, or null, which is stored as `instead`. */
export function orNull(rule: ValueRule, instead: unknown = null): ValueRule {
  return {
    ...rule,
    schema: { anyOf: [rule.schema, { type: 'null' }] },
    read: (value) => (value === null ? { value: instead } : rule.read(value)),
  };
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'on', 'y', 'yes']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['0', 'f', 'false', 'off', 'n', 'no']);

/** A truth value: JSON's, or the words and numbers that Neutron takes for one. */
export const boolean: ValueRule = { schema: { type: 'boolean' }, read: readBoolean, readFilter: filterWith(readBoolean) };

function readBoolean(value: unknown): ReadValue {
  if (typeof value === 'boolean') return { value };
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : '';
  if (TRUE_WORDS.has(word)) return { value: true };
  if (FALSE_WORDS.has(word)) return { value: false };
  return problem('InvalidInput', { error_message: `'${shown(value)}' cannot be converted to boolean` });
}

/** A whole number in [min, max]; a number in text is taken too, as Neutron does. */
export function integer(min: number, max: number): ValueRule {
  const read = (value: unknown): ReadValue => {
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) {
      return problem('InvalidInput', { error_message: `'${shown(value)}' is not an integer` });
    }
    if (number < min) return { reason: `'${number}' is too small - must be at least '${min}'` };
    return number > max ? { reason: `'${number}' is too large - must be no larger than '${max}'` } : { value: number };
  };
  return { schema: { type: 'integer', minimum: min, maximum: max }, read, readFilter: (value) => numberOrProblem(read(value), value) };
}

/** A filter by a number out of range finds nothing; by no number at all it is refused. */
function numberOrProblem(read: ReadValue, text: string): unknown {
  if (isProblem(read)) return read;
  return 'value' in read ? read.value : text;
}

/** One of a few values, exactly. */
export function oneOf(values: ReadonlyArray<string | number>): ValueRule {
  const isNumeric = values.every((value) => typeof value === 'number');
  const read = (value: unknown): ReadValue => {
    const given = isNumeric && typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
    return values.some((allowed) => allowed === given)
      ? { value: given }
      : { reason: `'${shown(value)}' is not in [${values.join(', ')}]` };
  };
  return { schema: { enum: values }, read, ...(isNumeric ? { readFilter: Number } : {}) };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID; upper case is taken and stored in lower case. */
export const uuid: ValueRule = {
  schema: { type: 'string', format: 'uuid' },
  read: (value) =>
    typeof value === 'string' && UUID.test(value) ? { value: value.toLowerCase() } : { reason: `'${shown(value)}' is not a valid UUID` },
  readFilter: (value) => value.toLowerCase(),
};

/** A list without duplicates of what the rule reads; null is the empty list. */
export function listOf(rule: ValueRule): ValueRule {
  return {
    schema: { type: 'array', items: rule.schema, uniqueItems: true },
    read: (value) => readList(value, rule),
    ...(rule.readFilter === undefined ? {} : { readFilter: rule.readFilter }),
  };
}

function readList(value: unknown, rule: ValueRule): ReadValue {
  if (value === null) return { value: [] };
  if (!Array.isArray(value)) return { reason: `'${shown(value)}' is not a list` };
  const read: unknown[] = [];
  for (const item of value) {
    const one = rule.read(item);
    if (!('value' in one)) return one;
    if (read.includes(one.value)) return { reason: `Duplicate items in the list: '${shown(item)}'` };
    read.push(one.value);
  }
  return { value: read };
}

/** Any JSON object whose text has at most `max` characters; null is the empty object. */
export function jsonObject(max: number): ValueRule {
  return {
    schema: { type: 'object' },
    read: (value) => {
      if (value === null) return { value: {} };
      if (!isRecord(value)) return { reason: `'${shown(value)}' is not a dictionary` };
      return JSON.stringify(value).length > max ? { reason: `'${shown(value)}' exceeds maximum length of ${max}` } : { value };
    },
  };
}

/** What cannot be set: read-only attributes have no values to read from a body, only to filter by. */
export function readOnly(schema: ValueRule['schema'], readFilter?: ValueRule['readFilter']): ValueRule {
  return { schema, read: () => ({ reason: 'it is read-only' }), ...(readFilter === undefined ? {} : { readFilter }) };
}

function filterWith(read: (value: unknown) => ReadValue): (text: string) => unknown {
  return (text) => {
    const result = read(text);
    return 'value' in result ? result.value : result;
  };
}

import { isProblem, type Problem, shown } from './problem.js';

/** Reads an untrusted value found at a path; a problem names the path and what was expected there. */
export type Read<T> = (value: unknown, at: string) => T | Problem;

/** The problem of a value that is not what it must be. */
function mismatch(at: string, expected: string, value: unknown): Problem {
  return { code: 'malformed', subject: at, detail: `expected ${expected}, not ${shown(value)}` };
}

/**
 * An object with exactly these own fields, rebuilt in their order. All of one kind are copies of one blank: what is put together field by
 * field becomes a hash table in V8 beyond a dozen fields, of four times the size; a server holds an endpoint for each port.
 */
export function record<T extends object>(fields: { readonly [K in keyof T]: Read<T[K]> }): Read<T> {
  const entries = Object.entries<Read<unknown>>(fields);
  const names = new Set(entries.map(([name]) => name));
  const blank = Object.fromEntries(entries.map(([name]): [string, unknown] => [name, null]));
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch(at, 'an object', value);
    const stranger = Object.keys(value).find((key) => !names.has(key));
    if (stranger !== undefined) return mismatch(at, 'only known fields', stranger);
    const result = { ...blank };
    for (const [name, read] of entries) {
      if (!Object.hasOwn(value, name)) return mismatch(`${at}.${name}`, 'a value', undefined);
      const field = read((value as Record<string, unknown>)[name], `${at}.${name}`);
      if (isProblem(field)) return field;
      result[name] = field;
    }
    return result as T;
  };
}

/** What all empty lists are: most lists of an endpoint. */
const NONE: readonly never[] = Object.freeze([]);

/** An array of such items, in the order given; all empty ones are the same. */
export function list<T>(item: Read<T>): Read<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return mismatch(at, 'an array', value);
    if (value.length === 0) return NONE;
    // A copy is of its length from the start; an array that grows has room for many more.
    const items: T[] = [...value];
    for (const [index, element] of value.entries()) {
      const read = item(element, `${at}[${index}]`);
      if (isProblem(read)) return read;
      items[index] = read;
    }
    return items;
  };
}

/** The value, or null. */
export function nullable<T>(read: Read<T>): Read<T | null> {
  return (value, at) => (value === null ? null : read(value, at));
}

/** One of these texts or numbers. */
export function oneOf<const T extends string | number>(values: readonly T[]): Read<T> {
  return (value, at) => values.find((allowed) => allowed === value) ?? mismatch(at, `one of ${values.join(', ')}`, value);
}

/** An integer within inclusive bounds. */
export function integer(min: number, max: number): Read<number> {
  return (value, at) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? value
      : mismatch(at, `an integer of ${min} to ${max}`, value);
}

/** Text that is already in the one spelling that `parse` would give it. */
export function canonical<T extends string>(parse: (text: string) => T | null, expected: string): Read<T> {
  return (value, at) => {
    const parsed = typeof value === 'string' ? parse(value) : null;
    return parsed !== null && parsed === value ? parsed : mismatch(at, expected, value);
  };
}

/** True or false. */
export const bool: Read<boolean> = (value, at) => (typeof value === 'boolean' ? value : mismatch(at, 'true or false', value));

/** A value that must also hold together: `complaint` says what it must be when it does not, else null. */
export function refine<T>(read: Read<T>, complaint: (value: T) => string | null): Read<T> {
  return (value, at) => {
    const result = read(value, at);
    if (isProblem(result)) return result;
    const expected = complaint(result);
    return expected === null ? result : mismatch(at, expected, value);
  };
}

/** Reads the variant that the value's `kind` names. */
export function byKind<T>(variants: Readonly<Record<string, Read<T>>>): Read<T> {
  return (value, at) => {
    const kind: unknown =
      typeof value === 'object' && value !== null && Object.hasOwn(value, 'kind') ? (value as { kind: unknown }).kind : undefined;
    const read = typeof kind === 'string' && Object.hasOwn(variants, kind) ? variants[kind] : undefined;
    if (read === undefined) return mismatch(`${at}.kind`, `one of ${Object.keys(variants).join(', ')}`, kind);
    return read(value, at);
  };
}

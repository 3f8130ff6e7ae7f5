import { badRequest, type Derived, isProblem, type Problem, pageLinks, parseLimit, type Row } from '@manx/model';
import { type Answer, refusal } from './answer.js';
import { jsonText } from './json-text.js';

/** Query parameters in request order, decoded. */
export type Parameters = readonly (readonly [string, string])[];

/** A GET of a derived collection; the URL is without its query, for the links of a page. */
export type RowsRequest = { readonly parameters: Parameters; readonly url: string };

const NOT_FILTERS: ReadonlySet<string> = new Set(['fields', 'sort_key', 'sort_dir', 'limit', 'marker', 'page_reverse']);

/** Answers a list of rows: filters compare text (repeated ones are alternatives), then order, page and fields, as lists of resources have them. */
export const answerRows = (derived: Derived, rows: readonly Row[], { parameters, url }: RowsRequest): Answer => {
  const all = (name: string): string[] => parameters.filter(([key, value]) => key === name && value !== '').map(([, value]) => value);
  const kept = filtered(derived, rows, parameters);
  const sorted = isProblem(kept) ? kept : inOrder(derived, kept, { keys: all('sort_key'), directions: all('sort_dir') });
  const page = isProblem(sorted) ? sorted : pageOf(derived, sorted, parameters);
  if (isProblem(page)) return refusal(page);
  const listed = derived.attributes;
  const names = Object.keys(listed).filter((name) => derived.onlyShown?.includes(name) !== true);
  const texts = page.rows.map((row) => pick(row, new Set(all('fields')), names));
  const links =
    derived.key === null ? [] : pageLinks(page, { url, parameters, ids: page.rows.map((row) => String(row[derived.key ?? ''])) });
  const { collection } = derived;
  return { status: 200, text: jsonText({ [collection]: texts, ...(links.length === 0 ? {} : { [`${collection}_links`]: links }) }) };
};

/** The row with the attributes asked for, of those that are shown here; all of them when none is asked for. */
export const pick = (row: Row, fields: ReadonlySet<string>, names: readonly string[]): Row =>
  Object.fromEntries(
    names.filter((name) => Object.hasOwn(row, name) && (fields.size === 0 || fields.has(name))).map((name) => [name, row[name]]),
  );

const filtered = (derived: Derived, rows: readonly Row[], parameters: Parameters): readonly Row[] | Problem => {
  const filters = parameters.filter(([name]) => !NOT_FILTERS.has(name) && derived.accepted?.includes(name) !== true);
  const unknown = [...new Set(filters.map(([name]) => name))].filter(
    (name) => !Object.hasOwn(derived.attributes, name) && !Object.hasOwn(derived.filters ?? {}, name),
  );
  if (unknown.length > 0) {
    return badRequest(`[${unknown.map((name) => `'${name.slice(0, 255)}'`).join(', ')}] is invalid attribute for filtering`);
  }
  const isWanted = (row: Row, name: string): boolean =>
    filters.some(([other, value]) => other === name && (derived.filters?.[name] ?? isSameText(name))(row, value));
  return rows.filter((row) => filters.every(([name]) => isWanted(row, name)));
};

const isSameText =
  (name: string) =>
  (row: Row, wanted: string): boolean =>
    textOf(row[name]).toLowerCase() === wanted.toLowerCase();

/** A value as filters and orders compare it. */
const textOf = (value: unknown): string => {
  const plain = value ?? '';
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
};

type Order = { readonly keys: readonly string[]; readonly directions: readonly string[] };

const inOrder = (derived: Derived, rows: readonly Row[], { keys, directions }: Order): readonly Row[] | Problem => {
  if (keys.length !== directions.length) return badRequest('The number of sort_keys and sort_dirs must be same');
  const absent = keys.find((key) => !Object.hasOwn(derived.attributes, key));
  if (absent !== undefined) return badRequest(`['${absent.slice(0, 255)}'] is invalid attribute for sort_keys`);
  const odd = directions.find((direction) => direction !== 'asc' && direction !== 'desc');
  if (odd !== undefined) return badRequest(`['${odd.slice(0, 255)}'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'`);
  if (keys.length === 0) return rows;
  return [...rows].sort((a, b) => {
    for (const [at, key] of keys.entries()) {
      const order = compareValues(a[key], b[key]);
      if (order !== 0) return directions[at] === 'asc' ? order : -order;
    }
    return 0;
  });
};

const compareValues = (a: unknown, b: unknown): number => {
  const [one, other] = typeof a === 'number' && typeof b === 'number' ? [a, b] : [textOf(a), textOf(b)];
  return one === other ? 0 : one < other ? -1 : 1;
};

type Page = { readonly rows: readonly Row[]; readonly limit: number | null; readonly marker: string | null; readonly isReverse: boolean };

/** The rows of one page; a marker that no row has begins at the start. Rows without a key come all at once. */
const pageOf = (derived: Derived, rows: readonly Row[], parameters: Parameters): Page | Problem => {
  const last = (name: string): string | null => parameters.findLast(([key]) => key === name)?.[1] ?? null;
  const limit = parseLimit(last('limit'));
  if (isProblem(limit)) return limit;
  const { key } = derived;
  if (limit === null || key === null) return { rows, limit: null, marker: null, isReverse: false };
  const isReverse = last('page_reverse')?.toLowerCase() === 'true';
  const marker = last('marker');
  const at = marker === null ? -1 : rows.findIndex((row) => row[key] === marker);
  if (isReverse) {
    const end = at === -1 ? rows.length : at;
    return { rows: rows.slice(Math.max(0, end - limit), end), limit, marker, isReverse };
  }
  return { rows: rows.slice(at + 1, at + 1 + limit), limit, marker, isReverse };
};

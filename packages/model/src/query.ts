import type { Declaration } from './declaration.js';
import { declarationOf } from './declarations.js';
import { badRequest, isProblem, type Problem, problem } from './problem.js';
import type { ResourceKind } from './resource.js';
import { shown } from './value-rule.js';

/** One sort key, most significant first in a list of them. */
export type SortKey = { readonly key: string; readonly isAscending: boolean };

/** What a list asks for, read and checked. */
export type Query = {
  /** Wanted values by attribute: one of them suffices; every attribute must hold. */
  readonly filters: ReadonlyMap<string, readonly unknown[]>;
  readonly sorts: readonly SortKey[];
  /** How many at most; null for all. */
  readonly limit: number | null;
  /** The id after which (before which, when reversed) the page begins; null for the start. Only with a limit, as in Neutron. */
  readonly marker: string | null;
  readonly isReverse: boolean;
  readonly fields: readonly string[];
};

/** A query without any wish: everything, by id. */
export const EVERYTHING: Query = { filters: new Map(), sorts: [], limit: null, marker: null, isReverse: false, fields: [] };

const NOT_FILTERS: ReadonlySet<string> = new Set(['fields', 'sort_key', 'sort_dir', 'limit', 'marker', 'page_reverse']);

/** Reads the query parameters of a list, in request order, decoded; an attribute that is no filter is refused (`filter-validation`). */
export function parseQuery(kind: ResourceKind, parameters: ReadonlyArray<readonly [string, string]>): Query | Problem {
  const declaration = declarationOf(kind);
  const all = (name: string): string[] => parameters.filter(([key, value]) => key === name && value !== '').map(([, value]) => value);
  const last = (name: string): string | null => parameters.findLast(([key]) => key === name)?.[1] ?? null;
  const filters = readFilters(declaration, parameters);
  if (isProblem(filters)) return filters;
  const sorts = readSorts(declaration, all('sort_key'), all('sort_dir'));
  if (isProblem(sorts)) return sorts;
  const limit = parseLimit(last('limit'));
  if (isProblem(limit)) return limit;
  return {
    filters,
    sorts,
    limit,
    marker: limit === null ? null : last('marker'),
    isReverse: last('page_reverse')?.toLowerCase() === 'true',
    fields: all('fields'),
  };
}

function readFilters(declaration: Declaration, parameters: ReadonlyArray<readonly [string, string]>): Map<string, unknown[]> | Problem {
  const filters = new Map<string, unknown[]>();
  const invalid = new Set<string>();
  const names = new Set(parameters.map(([name]) => name));
  if (names.has('tenant_id') && names.has('project_id')) return problem('TenantIdProjectIdFilterConflict', {});
  for (const [name, text] of parameters) {
    if (NOT_FILTERS.has(name)) continue;
    const attribute = Object.hasOwn(declaration.attributes, name) ? declaration.attributes[name] : undefined;
    if (attribute === undefined || !attribute.isFilter) {
      invalid.add(name);
      continue;
    }
    const wanted = attribute.rule.readFilter === undefined ? text : attribute.rule.readFilter(text);
    if (isProblem(wanted)) return wanted;
    const key = name === 'tenant_id' ? 'project_id' : name;
    filters.set(key, [...(filters.get(key) ?? []), wanted]);
  }
  if (invalid.size > 0) return badRequest(`${listed([...invalid])} is invalid attribute for filtering`);
  return filters;
}

function readSorts(declaration: Declaration, keys: readonly string[], directions: readonly string[]): SortKey[] | Problem {
  if (keys.length !== directions.length) return badRequest('The number of sort_keys and sort_dirs must be same');
  const absent = keys.filter((key) => !Object.hasOwn(declaration.attributes, key) || declaration.attributes[key]?.isSortKey !== true);
  if (absent.length > 0) return badRequest(`${listed(absent)} is invalid attribute for sort_keys`);
  const invalid = directions.filter((direction) => direction !== 'asc' && direction !== 'desc');
  if (invalid.length > 0) {
    return badRequest(`${listed(invalid)} is invalid value for sort_dirs, valid value is 'asc' and 'desc'`);
  }
  return keys.map((key, at) => ({ key: key === 'tenant_id' ? 'project_id' : key, isAscending: directions[at] === 'asc' }));
}

/** Reads `limit=`: a whole number, null for all (as 0 is). */
export function parseLimit(text: string | null): number | null | Problem {
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text)) {
    return problem('BadRequest', { resource: 'limit', msg: `Limit must be an integer 0 or greater and not '${shown(text)}'` });
  }
  return Number(text) === 0 ? null : Number(text);
}

function listed(names: readonly string[]): string {
  return `[${names.map((name) => `'${shown(name)}'`).join(', ')}]`;
}

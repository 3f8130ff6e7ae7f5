import { type Actor, isPrivileged } from './actor.js';
import { declarationOf } from './declarations.js';
import type { IndexName } from './indexes.js';
import { notFound } from './not-found.js';
import type { Problem } from './problem.js';
import type { Query, SortKey } from './query.js';
import type { Resource, ResourceKind } from './resource.js';
import type { StateReader } from './state-reader.js';
import { isVisible } from './visibility.js';

/** Where a list is made from. */
export type ListContext = { readonly state: StateReader; readonly actor: Actor };

/** Whether to keep a resource. */
type Test = (resource: Resource) => boolean;

/**
 * The resources that the actor may see and the query wants, in the query's order, ties (and no order at all) by ascending id.
 * With an index for one of the filters, or a page in id order, the cost follows what is read, not what is stored.
 * A marker that names nothing visible is a problem.
 */
export function list(kind: ResourceKind, query: Query, { state, actor }: ListContext): Resource[] | Problem {
  const filtered = filterTest(kind, query);
  const test: Test = (resource) => filtered(resource) && isVisible(state, actor, kind, resource);
  const marker = query.marker === null ? null : state.get(kind, query.marker);
  if (query.marker !== null && (marker === undefined || marker === null || !isVisible(state, actor, kind, marker))) {
    return notFound(kind, query.marker);
  }
  const found = candidates(kind, query, { state, actor });
  if (found === null && query.sorts.length === 0) return pageById(kind, { query, test, state });
  return pageOf(found ?? state.all(kind), { query, test, marker: marker ?? null });
}

/** The ids of what a list can hold at all, from the smallest index that a filter, or the actor's project, names; null: everything. */
function candidates(kind: ResourceKind, query: Query, { state, actor }: ListContext): Iterable<Resource> | null {
  const ids = query.filters.get('id');
  if (ids !== undefined) return [...new Set(ids)].map((id) => state.get(kind, String(id))).filter((found) => found !== undefined);
  const byAddress = holders(kind, query, state);
  if (byAddress !== null) return byAddress;
  let best: { readonly index: IndexName; readonly keys: readonly string[]; readonly size: number } | null = null;
  for (const [attribute, index] of Object.entries(declarationOf(kind).indexed)) {
    const keys = [...new Set(query.filters.get(attribute)?.map(String))];
    if (!query.filters.has(attribute) || keys.includes('')) continue;
    const size = keys.reduce((sum, key) => sum + state.countBy(index as IndexName, key), 0);
    if (best === null || size < best.size) best = { index: index as IndexName, keys, size };
  }
  if (best !== null) return distinct(best.keys.flatMap((key) => state.by(best.index, key)));
  if (isPrivileged(actor) || actor.project_id === null) return null;
  return reachable(kind, actor.project_id, state);
}

/** The ports at exact addresses, when a query names some. */
function holders(kind: ResourceKind, query: Query, state: StateReader): Resource[] | null {
  const tests = kind === 'port' ? query.filters.get('fixed_ips') : undefined;
  const addresses = (tests as ReadonlyArray<{ readonly key: string; readonly value: string }> | undefined)?.filter(
    ({ key }) => key === 'ip_address',
  );
  if (addresses === undefined || addresses.length === 0) return null;
  return distinct(addresses.map(({ value }) => state.holderOf(value as never)).filter((port) => port !== undefined));
}

/** What a project can see of each kind beyond its own, and perhaps a little more: `isVisible` decides. */
const BEYOND_OWN: { readonly [K in ResourceKind]: (project: string, state: StateReader) => Resource[] } = {
  network: (_, state) => state.by('network.shared', 'true'),
  subnet: (project, state) =>
    [...state.by('network.project_id', project), ...state.by('network.shared', 'true')].flatMap((network) =>
      state.by('subnet.network_id', network.id),
    ),
  port: (project, state) => state.by('network.project_id', project).flatMap((network) => state.by('port.network_id', network.id)),
  security_group: () => [],
  security_group_rule: (project, state) =>
    state.by('security_group.project_id', project).flatMap((group) => state.by('security_group_rule.security_group_id', group.id)),
};

function reachable(kind: ResourceKind, project: string, state: StateReader): Resource[] {
  return distinct([...state.by(`${kind}.project_id`, project), ...BEYOND_OWN[kind](project, state)]);
}

function distinct<R extends Resource>(resources: readonly R[]): R[] {
  return [...new Set(resources)];
}

function filterTest(kind: ResourceKind, query: Query): Test {
  const { filters } = declarationOf(kind);
  const tests = [...query.filters].map(([name, wanted]): Test => {
    const own = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (own !== undefined) return (resource) => own(resource, wanted);
    const values = new Set(wanted);
    return (resource) => values.has((resource as { readonly [name: string]: unknown })[name]);
  });
  return (resource) => tests.every((test) => test(resource));
}

/** A page straight from the order of ids: reads no more than it must. */
function pageById(kind: ResourceKind, { query, test, state }: { query: Query; test: Test; state: StateReader }): Resource[] {
  const isBackwards = query.isReverse && query.limit !== null;
  const ids = isBackwards ? state.idsBefore(kind, query.marker) : state.idsAfter(kind, query.marker ?? '');
  const page: Resource[] = [];
  for (const id of ids) {
    const resource = state.get(kind, id);
    if (resource === undefined || !test(resource)) continue;
    page.push(resource);
    if (page.length === query.limit) break;
  }
  return isBackwards ? page.toReversed() : page;
}

/** Above this many resources a page costs less by sorting everything than by inserting. */
const LARGE_PAGE = 500;

/** A page in another order: what is wanted beyond the marker is looked at once, and no more than a page of it is kept sorted. */
function pageOf(found: Iterable<Resource>, { query, test, marker }: { query: Query; test: Test; marker: Resource | null }): Resource[] {
  const forwards = comparator(query.sorts);
  if (query.limit === null) return [...found].filter(test).sort(forwards);
  const compare = query.isReverse ? (a: Resource, b: Resource): number => forwards(b, a) : forwards;
  if (query.limit > LARGE_PAGE) {
    const kept = [...found].filter((resource) => (marker === null || compare(resource, marker) > 0) && test(resource));
    const page = kept.sort(compare).slice(0, query.limit);
    return query.isReverse ? page.toReversed() : page;
  }
  const page: Resource[] = [];
  for (const resource of found) {
    const last = page.length < query.limit ? undefined : page.at(-1);
    const isOutside = (marker !== null && compare(resource, marker) <= 0) || (last !== undefined && compare(resource, last) >= 0);
    if (isOutside || !test(resource)) continue;
    const at = page.findIndex((other) => compare(resource, other) < 0);
    page.splice(at < 0 ? page.length : at, 0, resource);
    if (page.length > query.limit) page.pop();
  }
  return query.isReverse ? page.toReversed() : page;
}

function comparator(sorts: readonly SortKey[]): (a: Resource, b: Resource) => number {
  return (a, b) => {
    for (const { key, isAscending } of sorts) {
      const order = compareValues((a as { readonly [name: string]: unknown })[key], (b as { readonly [name: string]: unknown })[key]);
      if (order !== 0) return isAscending ? order : -order;
    }
    return a.id < b.id ? -1 : Number(a.id > b.id);
  };
}

/** Nothing first, then false before true, numbers by size, text by code units. */
function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return (a as string | number | boolean) < (b as string | number | boolean) ? -1 : 1;
}

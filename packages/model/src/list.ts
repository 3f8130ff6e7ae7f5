import { RBAC_OBJECT_TYPES, type RbacObjectType } from './access/rbac-policy.js';
import type { Actor } from './actor.js';
import { attributeValue, type Seen } from './attribute-value.js';
import { declarationOf } from './declarations.js';
import type { IndexName, TagIndexName } from './indexes.js';
import { notFound } from './not-found.js';
import { policyName } from './policy-name.js';
import type { Problem } from './problem.js';
import type { Query, SortKey } from './query.js';
import type { Resource, ResourceKind, ResourceOf } from './resource.js';
import { EVERYONE, openedTo } from './sharing.js';
import type { StateReader } from './state-reader.js';
import { TAG_FILTERS, tagsIn } from './tag-filters.js';
import { judgementOf, type Viewpoint } from './viewpoint.js';
import { visibilityTest } from './visibility.js';

/** Where a list is made from. */
export type ListContext = Viewpoint;

/** Whether to keep a resource. */
type Test = (resource: Resource) => boolean;

/**
 * The resources that the actor may see and the query wants, in the query's order, ties (and no order at all) by ascending id.
 * With an index for one of the filters, or a page in id order, the cost follows what is read, not what is stored.
 * A marker that names nothing visible is a problem.
 */
export function list(kind: ResourceKind, query: Query, context: ListContext): Resource[] | Problem {
  const { state } = context;
  const filtered = filterTest(kind, query, context);
  const visible = visibilityTest(context, kind);
  const test: Test = (resource) => filtered(resource) && visible(resource);
  const marker = query.marker === null ? null : state.get(kind, query.marker);
  if (query.marker !== null && (marker === undefined || marker === null || !visible(marker))) {
    return notFound(kind, query.marker);
  }
  const found = candidates(kind, query, context);
  if (found === null && query.sorts.length === 0) return pageById(kind, { query, test, state });
  const seen: Seen = { declaration: declarationOf(kind), state, actor: context.actor };
  return pageOf(found ?? state.all(kind), { query, test, marker: marker ?? null, seen });
}

/** The ids of what a list can hold at all, from the smallest index that a filter, or the actor's project, names; null: everything. */
function candidates(kind: ResourceKind, query: Query, context: ListContext): Iterable<Resource> | null {
  const { state, actor } = context;
  const ids = query.filters.get('id');
  if (ids !== undefined) return [...new Set(ids)].map((id) => state.get(kind, String(id))).filter((found) => found !== undefined);
  const byAddress = holders(kind, query, state);
  if (byAddress !== null) return byAddress;
  const shared = sharedObjects(kind, query, { state, actor });
  if (shared !== null) return shared;
  let best: (Lookup & { readonly size: number }) | null = null;
  for (const { index, keys } of [...lookups(kind, query), ...tagLookups(kind, query)]) {
    const size = keys.reduce((sum, key) => sum + state.countBy(index, key), 0);
    if (best === null || size < best.size) best = { index, keys, size };
  }
  if (best !== null) return distinct(best.keys.flatMap((key) => state.by(best.index, key)));
  return actor.project_id === null || seesAnyones(kind, context) ? null : reachable(kind, actor.project_id, state);
}

/** Keys of an index: together they find everything that a filter lets through. */
type Lookup = { readonly index: IndexName; readonly keys: readonly string[] };

function lookups(kind: ResourceKind, { filters }: Query): Lookup[] {
  return Object.entries(declarationOf(kind).indexed).flatMap(([attribute, index]) => {
    const keys = [...new Set(filters.get(attribute)?.map(String))];
    return !filters.has(attribute) || keys.includes('') ? [] : [{ index: index as IndexName, keys }];
  });
}

/** All of some tags: any of them finds the resources. At least one of some: they do together. */
function tagLookups(kind: ResourceKind, { filters }: Query): Lookup[] {
  const index: TagIndexName = `${kind}.tag`;
  const [all, any] = [filters.get('tags'), filters.get('tags-any')];
  return [
    ...(all === undefined ? [] : tagsIn(all).map((tag) => ({ index, keys: [tag] }))),
    ...(any === undefined ? [] : [{ index, keys: tagsIn(any) }]),
  ];
}

/** Whether the actor may see what no table here knows of: it sees everything, or the operator has rules of its own. */
function seesAnyones(kind: ResourceKind, context: ListContext): boolean {
  const action = `get_${policyName(kind)}`;
  return judgementOf(context, action) === true || !context.policy.isDefault(action);
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

/** What is open to the asking project, when a query wants nothing but what is shared. */
function sharedObjects(
  kind: ResourceKind,
  query: Query,
  { state, actor }: { readonly state: StateReader; readonly actor: Actor },
): Resource[] | null {
  const type = RBAC_OBJECT_TYPES.find((name) => name === kind);
  const wanted = query.filters.get('shared');
  if (type === undefined || wanted === undefined || !wanted.every((value) => value === true)) return null;
  return openTo(type, actor.project_id ?? EVERYONE, state);
}

/** What a project can see of each kind beyond its own, and perhaps a little more: the policy decides. */
const BEYOND_OWN: { readonly [K in ResourceKind]?: (project: string, state: StateReader) => Resource[] } = {
  network: (project, state) => openTo('network', project, state),
  subnet: (project, state) =>
    [...state.by('network.project_id', project), ...openTo('network', project, state)].flatMap((network) =>
      state.by('subnet.network_id', network.id),
    ),
  port: (project, state) => state.by('network.project_id', project).flatMap((network) => state.by('port.network_id', network.id)),
  security_group: (project, state) => openTo('security_group', project, state),
  qos_policy: (project, state) => openTo('qos_policy', project, state),
  address_group: (project, state) => openTo('address_group', project, state),
  address_scope: (project, state) => openTo('address_scope', project, state),
  subnetpool: (project, state) => openTo('subnetpool', project, state),
  security_group_rule: (project, state) =>
    state.by('security_group.project_id', project).flatMap((group) => state.by('security_group_rule.security_group_id', group.id)),
};

function openTo<K extends RbacObjectType>(kind: K, project: string, state: StateReader): Array<ResourceOf[K]> {
  return openedTo(state, kind, project)
    .map((id) => state.get(kind, id))
    .filter((found) => found !== undefined);
}

function reachable(kind: ResourceKind, project: string, state: StateReader): Resource[] {
  return distinct([...state.by(`${kind}.project_id` as IndexName, project), ...(BEYOND_OWN[kind]?.(project, state) ?? [])]);
}

function distinct<R extends Resource>(resources: readonly R[]): R[] {
  return [...new Set(resources)];
}

function filterTest(kind: ResourceKind, query: Query, { state, actor }: ListContext): Test {
  const declaration = declarationOf(kind);
  const { filters } = declaration;
  const tests = [...query.filters].map(([name, wanted]): Test => {
    const own = Object.hasOwn(filters, name) ? filters[name] : TAG_FILTERS[name];
    if (own !== undefined) return (resource) => own(resource, wanted, state, actor);
    const values = new Set(wanted);
    return (resource) => values.has(attributeValue(resource, name, { declaration, state, actor }));
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

type Paged = { readonly query: Query; readonly test: Test; readonly marker: Resource | null; readonly seen: Seen };

/** A page in another order: what is wanted beyond the marker is looked at once, and no more than a page of it is kept sorted. */
function pageOf(found: Iterable<Resource>, { query, test, marker, seen }: Paged): Resource[] {
  const forwards = comparator(query.sorts, seen);
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

/** The order of the sort keys, then of ids; what a view computes is sorted by as it is shown. */
function comparator(sorts: readonly SortKey[], seen: Seen): (a: Resource, b: Resource) => number {
  const valueOf = (resource: Resource, key: string): unknown =>
    Object.hasOwn(seen.declaration.computed, key)
      ? attributeValue(resource, key, seen)
      : (resource as { readonly [name: string]: unknown })[key];
  return (a, b) => {
    for (const { key, isAscending } of sorts) {
      const order = compareValues(valueOf(a, key), valueOf(b, key));
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

import { type Cidr, type Ip, PrefixTrie } from '@manx/ip';
import type { Change } from './commit.js';
import { DEFAULT_DNS_DOMAIN } from './dns-rules.js';
import { INDEXES, type IndexKind, type IndexName, type TagIndexName } from './indexes.js';
import { MultiIndex } from './multi-index.js';
import { RESOURCE_KINDS, type Resource, type ResourceKind, type ResourceOf } from './resource.js';
import { SortedIds } from './sorted-ids.js';
import type { StateReader } from './state-reader.js';

/** One index of a table: what it files a resource under, and the ids. */
type FiledIndex = { readonly name: string; readonly keyOf: (resource: never) => string | readonly string[]; readonly ids: MultiIndex };

/** The resources of one kind and their indexes. */
type Table = { readonly rows: Map<string, Resource>; readonly order: SortedIds; readonly indexes: readonly FiledIndex[] };

/**
 * The resources at one revision, in memory: tables by kind and id, the indexes of `INDEXES`, who holds which address, and a trie of the
 * subnets' prefixes. Everyone reads it as a `StateReader`; only `applyChanges` changes it, in a time that depends on the change alone.
 */
export class State implements StateReader {
  readonly #tables: { readonly [K in ResourceKind]: Table };
  readonly #indexes = new Map<string, { readonly rows: Map<string, Resource>; readonly ids: MultiIndex }>();
  readonly #holders = new Map<Ip, string>();
  readonly #prefixes = new PrefixTrie<readonly string[]>();
  readonly #changedAt = new Map<ResourceKind, number>();
  #changes = 0;
  /** See `StateReader`. */
  readonly dnsDomain: string;

  /** An empty state. `dnsDomain` is what the operator has set, and no resource. */
  constructor({ dnsDomain = DEFAULT_DNS_DOMAIN }: { readonly dnsDomain?: string | undefined } = {}) {
    this.dnsDomain = dnsDomain;
    const tables = RESOURCE_KINDS.map((kind): [ResourceKind, Table] => [kind, emptyTable(kind)]);
    for (const [, table] of tables) for (const { name, ids } of table.indexes) this.#indexes.set(name, { rows: table.rows, ids });
    this.#tables = Object.fromEntries(tables) as { [K in ResourceKind]: Table };
  }

  /** See `StateReader`. */
  get<K extends ResourceKind>(kind: K, id: string): ResourceOf[K] | undefined {
    return this.#tables[kind].rows.get(id) as ResourceOf[K] | undefined;
  }

  /** See `StateReader`. */
  all<K extends ResourceKind>(kind: K): IterableIterator<ResourceOf[K]> {
    return this.#tables[kind].rows.values() as IterableIterator<ResourceOf[K]>;
  }

  /** See `StateReader`. */
  count(kind: ResourceKind): number {
    return this.#tables[kind].rows.size;
  }

  /** See `StateReader`. */
  idsAfter(kind: ResourceKind, id: string): IterableIterator<string> {
    return this.#tables[kind].order.after(id);
  }

  /** See `StateReader`. */
  idsBefore(kind: ResourceKind, id: string | null): IterableIterator<string> {
    return this.#tables[kind].order.before(id);
  }

  /** See `StateReader`. */
  by<I extends IndexName>(index: I, key: string): Array<ResourceOf[IndexKind<I>]> {
    const found: Resource[] = [];
    const filed = this.#indexes.get(index);
    for (const id of filed?.ids.get(key) ?? []) {
      const resource = filed?.rows.get(id);
      if (resource !== undefined) found.push(resource);
    }
    return found as Array<ResourceOf[IndexKind<I>]>;
  }

  /** See `StateReader`. */
  countBy(index: IndexName, key: string): number {
    return this.#indexes.get(index)?.ids.count(key) ?? 0;
  }

  /** See `StateReader`. */
  holderOf(ip: Ip): ResourceOf['port'] | undefined {
    const id = this.#holders.get(ip);
    return id === undefined ? undefined : this.get('port', id);
  }

  /** See `StateReader`. */
  overlapping(cidr: Cidr): Array<ResourceOf['subnet']> {
    return this.#prefixes
      .overlapping(cidr)
      .flatMap(({ value }) => value.map((id) => this.get('subnet', id)).filter((subnet) => subnet !== undefined));
  }

  /** See `StateReader`. */
  lastChange(kind?: ResourceKind): number {
    return kind === undefined ? this.#changes : (this.#changedAt.get(kind) ?? 0);
  }

  /** For `applyChanges` only: makes the change and returns the one that takes it back; null when it changes nothing. */
  apply(change: Change): Change | null {
    const table = this.#tables[change.kind];
    const before = table.rows.get(change.id);
    const after = change.op === 'put' ? change.value : undefined;
    if (before === undefined && after === undefined) return null;
    this.#changes += 1;
    this.#changedAt.set(change.kind, this.#changes);
    if (after === undefined) table.rows.delete(change.id);
    else table.rows.set(change.id, after);
    if (before === undefined) table.order.add(change.id);
    if (after === undefined) table.order.delete(change.id);
    for (const index of table.indexes) refile(index, before, after);
    if (change.kind === 'port') this.#rehold(before as ResourceOf['port'] | undefined, after as ResourceOf['port'] | undefined);
    if (change.kind === 'subnet') this.#reprefix(before as ResourceOf['subnet'] | undefined, after as ResourceOf['subnet'] | undefined);
    return (
      before === undefined
        ? { op: 'delete', kind: change.kind, id: change.id }
        : { op: 'put', kind: change.kind, id: change.id, value: before }
    ) as Change;
  }

  /** Everything that is derived from the tables, in one canonical form: equal states give equal values. For tests and audits; linear. */
  derived(): unknown {
    return {
      indexes: [...this.#indexes].map(([name, { ids }]) => [name, ids.entries()]),
      order: RESOURCE_KINDS.map((kind) => [kind, [...this.idsAfter(kind, '')], [...this.idsBefore(kind, null)].toReversed()]),
      holders: [...this.#holders].sort(([a], [b]) => (a < b ? -1 : 1)),
      prefixes: this.#prefixes.entries(),
    };
  }

  /** Who holds which address, after a port changed. An address that went to another port meanwhile stays with that one. */
  #rehold(before: ResourceOf['port'] | undefined, after: ResourceOf['port'] | undefined): void {
    if (before?.fixed_ips === after?.fixed_ips) return;
    for (const { ip_address: ip } of before?.fixed_ips ?? []) if (this.#holders.get(ip) === before?.id) this.#holders.delete(ip);
    for (const { ip_address: ip } of after?.fixed_ips ?? []) if (after !== undefined) this.#holders.set(ip, after.id);
  }

  /** Which prefixes are whose, after a subnet changed. Equal prefixes (where the operator allows them) are kept sorted by id. */
  #reprefix(before: ResourceOf['subnet'] | undefined, after: ResourceOf['subnet'] | undefined): void {
    if (before?.cidr === after?.cidr) return;
    if (before !== undefined) {
      const rest = (this.#prefixes.get(before.cidr) ?? []).filter((id) => id !== before.id);
      if (rest.length === 0) this.#prefixes.delete(before.cidr);
      else this.#prefixes.set(before.cidr, rest);
    }
    if (after !== undefined) this.#prefixes.set(after.cidr, [...(this.#prefixes.get(after.cidr) ?? []), after.id].sort());
  }
}

function emptyTable(kind: ResourceKind): Table {
  const byTag: TagIndexName = `${kind}.tag`;
  const indexes = [...Object.entries(INDEXES[kind]), [byTag, tagsOf] as const].map(
    ([name, keyOf]): FiledIndex => ({ name, keyOf, ids: new MultiIndex() }),
  );
  return { rows: new Map(), order: new SortedIds(), indexes };
}

const UNTAGGED: readonly string[] = [];

/** One list for all that have none, so that a change of something else files nothing anew. */
function tagsOf({ tags }: Resource): readonly string[] {
  return tags ?? UNTAGGED;
}

/** Moves a resource in one index from where it was filed to where it belongs. */
function refile(index: FiledIndex, before: Resource | undefined, after: Resource | undefined): void {
  const id = (after ?? before)?.id ?? '';
  const old = keysOf(index, before);
  const now = keysOf(index, after);
  if (old === now) return;
  for (const key of listed(old)) index.ids.delete(key, id);
  for (const key of listed(now)) index.ids.add(key, id);
}

function keysOf(index: FiledIndex, resource: Resource | undefined): string | readonly string[] {
  return resource === undefined ? '' : index.keyOf(resource as never);
}

function listed(keys: string | readonly string[]): readonly string[] {
  if (typeof keys !== 'string') return keys;
  return keys === '' ? [] : [keys];
}

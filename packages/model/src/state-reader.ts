import type { Cidr, Ip } from '@manx/ip';
import type { IndexKind, IndexName } from './indexes.js';
import type { ResourceKind, ResourceOf } from './resource.js';

/**
 * The resources at one revision, as everyone but the ledger sees them. Values are never mutated: a change puts a new value,
 * and the same reference means the same resource.
 */
export type StateReader = {
  /** The domain of ports that name none of their own, nor does their network: fully qualified, with a dot at the end; empty: none. */
  readonly dnsDomain: string;
  /** The resource, or undefined when there is none. */
  readonly get: <K extends ResourceKind>(kind: K, id: string) => ResourceOf[K] | undefined;
  /** Every resource of the kind, in no particular order. Linear. */
  readonly all: <K extends ResourceKind>(kind: K) => IterableIterator<ResourceOf[K]>;
  /** How many there are. */
  readonly count: (kind: ResourceKind) => number;
  /** The ids of the kind in ascending order, from the first one after `id` on (from the very first for ''). Costs what is read. */
  readonly idsAfter: (kind: ResourceKind, id: string) => IterableIterator<string>;
  /** As `idsAfter`, descending, from the last one before `id` on (from the very last for null). */
  readonly idsBefore: (kind: ResourceKind, id: string | null) => IterableIterator<string>;
  /** The resources that the index files under the key, in no particular order; empty when none. Costs what is read. */
  readonly by: <I extends IndexName>(index: I, key: string) => Array<ResourceOf[IndexKind<I>]>;
  /** How many `by` would give; constant cost. */
  readonly countBy: (index: IndexName, key: string) => number;
  /** The port that holds the address as a fixed IP, anywhere in the flat space (S12). */
  readonly holderOf: (ip: Ip) => ResourceOf['port'] | undefined;
  /** The subnets whose CIDR shares an address with this one, on any network (S13), by prefix, then id. */
  readonly overlapping: (cidr: Cidr) => Array<ResourceOf['subnet']>;
  /**
   * When something of the kind (of any kind, when none is named) changed last, counted in changes of this very state, those that were taken
   * back among them: as long as it stays the same, so does everything of the kind. 0: never. Constant cost.
   */
  readonly lastChange: (kind?: ResourceKind) => number;
};

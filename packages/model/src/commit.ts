import type { Resource, ResourceKind, ResourceOf } from './resource.js';

/** A position in the one order of commits; 0 is the empty state, the first commit is 1. */
export type Revision = number;

/** A whole resource of one kind, as it is afterwards. */
export type PutOf<K extends ResourceKind> = { readonly op: 'put'; readonly kind: K; readonly id: string; readonly value: ResourceOf[K] };

/** One step of a commit: a whole resource as it is afterwards, or its end. `kind` tells the type of `value`. */
export type Change =
  | { readonly [K in ResourceKind]: PutOf<K> }[ResourceKind]
  | { readonly op: 'delete'; readonly kind: ResourceKind; readonly id: string };

/** A put of this resource; for code that is generic over kinds. */
export function put<K extends ResourceKind>(kind: K, value: ResourceOf[K]): Change {
  const resource: Resource = value;
  return { op: 'put', kind, id: resource.id, value } as Change;
}

/** One accepted request: all of its changes or none of them. Plain JSON. A resource is named at most once. */
export type Commit = {
  readonly revision: Revision;
  /** ISO 8601 in UTC, to the second or finer. */
  readonly at: string;
  readonly request_id: string;
  readonly user_id: string | null;
  readonly project_id: string | null;
  readonly changes: readonly Change[];
};

import { ACCESS_DERIVED } from './access/access-derived.js';
import { ADDRESSING_DERIVED } from './addressing/addressing-derived.js';
import type { Declaration } from './declaration.js';
import { DECLARATIONS, singularOf } from './declarations.js';
import type { ErrorCode } from './error-table.js';
import { OPERATIONS_DERIVED } from './operations/operations-derived.js';
import { QOS_DERIVED } from './qos/qos-derived.js';
import { ROUTING_DERIVED } from './routing/routing-derived.js';
import type { Viewpoint } from './viewpoint.js';

/** What is known of a host beside the state: what its agent's session says. */
export type HostFact = {
  readonly host: string;
  readonly isAlive: boolean;
  /** ISO 8601, UTC: when its agent was last heard of. */
  readonly heardAt: string;
  /** What its agent last said of itself; null before it said anything. */
  readonly report: HostReportFact | null;
};

/** What an agent says of itself. */
export type HostReportFact = {
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly physicalNetworks: readonly string[];
  readonly bgp: readonly { readonly name: string; readonly state: string }[];
  readonly problems: readonly { readonly code: string; readonly subject: string; readonly detail: string; readonly since: string }[];
  readonly drift: { readonly repairs: number; readonly lastAt: string | null; readonly last: string | null };
};

/** What derived collections are made from besides the state. */
export type Facts = { readonly now: string; readonly hosts: readonly HostFact[] };

/** One row of a derived collection. */
export type Row = { readonly [attribute: string]: unknown };

/** A collection that is not stored but follows from the state (and facts) whenever it is asked for: availability zones, IP availabilities. */
export type Derived = {
  /** The policy's word: `get_{name}`. */
  readonly name: string;
  readonly singular: string;
  readonly collection: string;
  /** The URL's path after `/v2.0/`. */
  readonly path: string;
  readonly doc: string;
  /** The attribute that a row's own URL ends in; null: rows have no URL of their own. */
  readonly key: string | null;
  /** JSON Schema by attribute; all are filters and sort keys when their values are plain. */
  readonly attributes: { readonly [name: string]: { readonly [keyword: string]: unknown } };
  /** Filters by what is no attribute, or compares otherwise than as text. */
  readonly filters?: { readonly [name: string]: (row: Row, wanted: string) => boolean };
  /** Query parameters that are taken and change nothing. */
  readonly accepted?: readonly string[];
  /** Attributes that a list leaves out, and a row's own URL shows. */
  readonly onlyShown?: readonly string[];
  /** A rule of the policy, beside `get_{name}`, that is asked before a row's own URL is answered. */
  readonly shownBy?: string;
  /** Another path to the list: the one that Neutron's reference tells where its server has this one. */
  readonly otherPath?: string;
  /** The refusal of a key that no row has. */
  readonly notFound: string;
  /** The same as a code of `ERROR_TABLE`, where clients branch on its type. */
  readonly notFoundCode?: ErrorCode;
  /** The rows that the actor may see. */
  readonly rows: (viewpoint: Viewpoint, facts: Facts) => readonly Row[];
};

/** Every derived collection. */
export const DERIVED: readonly Derived[] = [
  ...ADDRESSING_DERIVED,
  ...ROUTING_DERIVED,
  ...QOS_DERIVED,
  ...ACCESS_DERIVED,
  ...OPERATIONS_DERIVED,
];

/** Every collection at the top of the API: what `GET /v2.0` lists. */
export const COLLECTIONS: readonly { readonly singular: string; readonly collection: string; readonly path: string }[] = [
  ...Object.values(DECLARATIONS)
    .map((declaration) => declaration as unknown as Declaration)
    .filter(({ parent }) => parent === undefined)
    .map((declaration) => ({ singular: singularOf(declaration), collection: declaration.collection, path: declaration.path })),
  ...DERIVED.filter(({ path }) => !Object.values(DECLARATIONS).some((declaration) => declaration.path === path)),
];

import type { Actor } from './actor.js';
import type { ErrorCode } from './error-table.js';
import type { Resource, ResourceKind, ResourceOf } from './resource.js';
import type { StateReader } from './state-reader.js';
import type { ValueRule } from './value-rule.js';

/** Decoded attributes of a request: known names, checked and converted values, defaults filled in on creation. */
export type Attributes = { readonly [attribute: string]: unknown };

/** What a filter of a list compares with: the resource's own value, or another test. */
export type FilterTest = (resource: Resource, wanted: readonly unknown[], state: StateReader, actor: Actor) => boolean;

/** One attribute of a resource: everything that the generic code knows of it. */
export type Attribute = {
  /** For the API description: what it means, one sentence. */
  readonly doc: string;
  /** Reads a value from a request: converts or refuses. */
  readonly rule: ValueRule;
  /** Whether a creation needs it, may have it, or must not. */
  readonly onCreate: 'required' | 'optional' | 'refused';
  readonly onUpdate: 'optional' | 'refused';
  /** The value when a creation leaves it out; without a default it stays out, and the resource's own rules decide. */
  readonly preset?: unknown;
  /** JSON Schema of what answers show, where that is not what requests may say: an attribute that can be null only by itself. */
  readonly shown?: { readonly [keyword: string]: unknown };
  /** Whether answers show it, to whom the policy lets see it; nobody sees what can only be asked or filtered by. */
  readonly seenBy: 'all' | 'nobody';
  readonly isFilter: boolean;
  readonly isSortKey: boolean;
};

/** One kind of resource, declared. */
export type Declaration<K extends ResourceKind = ResourceKind> = {
  readonly kind: K;
  /** Key of a body with one resource, where it is not the kind: `policy`. */
  readonly singular?: string;
  /** Key of lists and bulk bodies: `security_groups`. */
  readonly collection: string;
  /** The URL's path after `/v2.0/`, or after the parent's own URL: `security-groups`, `qos/policies`. */
  readonly path: string;
  /** A resource that lives under another, at `/v2.0/{parent path}/{parent id}/{path}`; `attribute` is where its parent's id is stored. */
  readonly parent?: { readonly kind: ResourceKind; readonly attribute: string };
  /** The refusal that says that there is none with an id. */
  readonly notFound: ErrorCode;
  /** Whether the API offers the plain operations; absent: all of them. What is not offered is 405, or has routes of its own. */
  readonly offers?: readonly ('list' | 'show' | 'create' | 'update' | 'delete')[];
  /** By attribute name, in the order of views. */
  readonly attributes: { readonly [name: string]: Attribute };
  /** Values of a view that are not stored, by attribute name. */
  readonly computed: { readonly [name: string]: (resource: ResourceOf[K], state: StateReader, actor: Actor) => unknown };
  /** Filters that compare otherwise than "equals one of". */
  readonly filters: { readonly [name: string]: FilterTest };
  /** Which index finds the resources of a filtered value, by attribute name. */
  readonly indexed: { readonly [name: string]: string };
};

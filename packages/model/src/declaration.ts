import type { Resource, ResourceKind, ResourceOf } from './resource.js';
import type { StateReader } from './state-reader.js';
import type { ValueRule } from './value-rule.js';

/** Decoded attributes of a request: known names, checked and converted values, defaults filled in on creation. */
export type Attributes = { readonly [attribute: string]: unknown };

/** What a filter of a list compares with: the resource's own value, or another test. */
export type FilterTest = (resource: Resource, wanted: readonly unknown[]) => boolean;

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
  /** Who sees it in answers: nobody for what can only be asked or filtered by. */
  readonly seenBy: 'all' | 'admin' | 'nobody';
  readonly isFilter: boolean;
  readonly isSortKey: boolean;
};

/** One kind of resource, declared. */
export type Declaration<K extends ResourceKind = ResourceKind> = {
  readonly kind: K;
  /** Key of lists and bulk bodies: `security_groups`. */
  readonly collection: string;
  /** Last part of the URL: `security-groups`. */
  readonly path: string;
  /** By attribute name, in the order of views. */
  readonly attributes: { readonly [name: string]: Attribute };
  /** Values of a view that are not stored, by attribute name. */
  readonly computed: { readonly [name: string]: (resource: ResourceOf[K], state: StateReader) => unknown };
  /** Filters that compare otherwise than "equals one of". */
  readonly filters: { readonly [name: string]: FilterTest };
  /** Which index finds the resources of a filtered value, by attribute name. */
  readonly indexed: { readonly [name: string]: string };
};

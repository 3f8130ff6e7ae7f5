import type { Actor } from './actor.js';
import type { Attributes } from './declaration.js';
import type { Problem } from './problem.js';
import type { ResourceKind } from './resource.js';

/** Something done to one resource by `PUT /v2.0/{collection}/{id}/{name}`, such as `add_router_interface`; its name is the policy's action too. */
export type Action = {
  readonly name: string;
  readonly kind: ResourceKind;
  /** For the API description: what it does, one sentence. */
  readonly doc: string;
  /** JSON Schema of the body. */
  readonly schema: { readonly [keyword: string]: unknown };
  /** JSON Schema of what answers it; absent: the resource's own view. */
  readonly answer?: { readonly [keyword: string]: unknown };
  /** Reads the body: known names, checked and converted values; or why not. */
  readonly decode: (body: unknown, actor: Actor) => Attributes | Problem;
};

import { type Attributes, type Problem, problem, type Resource } from '@manx/model';
import type { Work } from './work.js';

/** What can be done to resources of one kind: the attributes were decoded by the model's declaration of that same kind. */
export type KindRules = {
  readonly create: (work: Work, draft: never) => Resource | Problem;
  readonly update: (work: Work, resource: never, values: never) => Resource | Problem;
  readonly remove: (work: Work, resource: never) => Problem | null;
};

/** What an action did: the JSON that answers it; null for the resource's own view. */
export type ActionResult = { readonly answer: { readonly [key: string]: unknown } | null };

/** The actions of `ACTIONS` by name. */
export type ActionRules = { readonly [name: string]: (work: Work, resource: never, values: Attributes) => ActionResult | Problem };

const nothing = (): Problem => problem('HTTPNotFound', {});

/** The rules of a kind that no plain request makes, changes or deletes: its URLs are not there, and what is done to it are actions on another. */
export const NO_PLAIN_REQUESTS: KindRules = { create: nothing, update: nothing, remove: nothing };

import type { Actor } from '../actor.js';
import type { Attribute } from '../declaration.js';
import type { Resource } from '../resource.js';
import { isSharedWith } from '../sharing.js';
import { settable } from '../standard-attributes.js';
import type { StateReader } from '../state-reader.js';
import { boolean } from '../value-rule.js';

/** The attribute `shared` where it can be set: it stands for an RBAC policy that is for every project. */
export function sharedAttribute(doc: string): Attribute {
  return { ...settable(doc, boolean, false), isSortKey: false };
}

/** `shared` as the project that asks sees it, whoever owns the object; to be put under `computed`. */
export const computedShared = (resource: Resource, state: StateReader, actor: Actor): boolean =>
  isSharedWith(state, resource.id, actor.project_id);

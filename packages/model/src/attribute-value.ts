import type { Actor } from './actor.js';
import type { Declaration } from './declaration.js';
import type { Resource } from './resource.js';
import type { StateReader } from './state-reader.js';

/** For whom a value is computed, and of what. */
export type Seen = { readonly declaration: Declaration; readonly state: StateReader; readonly actor: Actor };

/** The value of a resource's attribute as a view shows it: stored, or computed for whoever asks. Undefined for no attribute at all. */
export function attributeValue(resource: Resource, name: string, { declaration, state, actor }: Seen): unknown {
  if (name === 'tenant_id') return resource.project_id;
  if (name === 'tags') return resource.tags ?? [];
  if (Object.hasOwn(declaration.computed, name)) return declaration.computed[name]?.(resource, state, actor);
  return Object.hasOwn(resource, name) ? (resource as { readonly [name: string]: unknown })[name] : undefined;
}

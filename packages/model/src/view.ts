import { type Actor, isPrivileged } from './actor.js';
import type { Declaration } from './declaration.js';
import { declarationOf } from './declarations.js';
import type { Resource, ResourceKind } from './resource.js';
import type { StateReader } from './state-reader.js';

/** One resource as an answer shows it. */
export type View = { readonly [attribute: string]: unknown };

/** What a view depends on besides the resource. */
export type ViewContext = {
  readonly state: StateReader;
  readonly actor: Actor;
  /** The attributes asked for; empty for all. Unknown names are passed over, as in Neutron. */
  readonly fields: readonly string[];
};

/** The resource with what is computed, without what the actor may not see or did not ask for. */
export function view(kind: ResourceKind, resource: Resource, context: ViewContext): View {
  return viewer(kind, context)(resource);
}

/** `view` for many resources of a kind: what to show is decided once. */
export function viewer(kind: ResourceKind, { state, actor, fields }: ViewContext): (resource: Resource) => View {
  const declaration = declarationOf(kind);
  const names = shownNames(declaration, actor, fields);
  return (resource) => {
    const shown: { [attribute: string]: unknown } = {};
    for (const name of names) shown[name] = valueOf(resource, name, declaration, state);
    return shown;
  };
}

function shownNames(declaration: Declaration, actor: Actor, fields: readonly string[]): string[] {
  const isAdmin = isPrivileged(actor);
  const asked = fields.length === 0 ? null : new Set(fields);
  return Object.entries(declaration.attributes)
    .filter(([name, { seenBy }]) => seenBy !== 'nobody' && (isAdmin || seenBy === 'all') && (asked === null || asked.has(name)))
    .map(([name]) => name);
}

function valueOf(resource: Resource, name: string, declaration: Declaration, state: StateReader): unknown {
  if (name === 'tenant_id') return resource.project_id;
  const compute = declaration.computed[name];
  return compute === undefined ? (resource as { readonly [name: string]: unknown })[name] : compute(resource, state);
}

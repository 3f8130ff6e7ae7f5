import { declarationOf, isPrivileged, RESOURCE_KINDS, type Resource, type ResourceKind, type ViewContext, viewer } from '@manx/model';

/** The whole text of resources as an administrator sees them, kept as long as the resource itself: a changed one is another value. */
const texts = new WeakMap<Resource, string>();

/** Kinds of which a view shows nothing but the resource itself: no computed value looks at the state (its second parameter). */
const SELF_CONTAINED: ReadonlySet<ResourceKind> = new Set(
  RESOURCE_KINDS.filter((kind) => Object.values(declarationOf(kind).computed).every((compute) => compute.length < 2)),
);

/** Views of a kind as JSON text. Never stale: what is kept depends on the resource's value alone. */
export const viewTexter = (kind: ResourceKind, context: ViewContext): ((resource: Resource) => string) => {
  const viewOf = viewer(kind, context);
  if (context.fields.length > 0 || !isPrivileged(context.actor) || !SELF_CONTAINED.has(kind))
    return (resource) => JSON.stringify(viewOf(resource));
  return (resource) => {
    const kept = texts.get(resource);
    if (kept !== undefined) return kept;
    const text = JSON.stringify(viewOf(resource));
    texts.set(resource, text);
    return text;
  };
};

import { declarationOf, isVisible, notFound, type Problem, type Resource, type ResourceKind, type Viewpoint } from '@manx/model';

/** A child resource in a URL: its kind, the parent's id there, and its own id where the URL has one. */
export type InUrl = { readonly kind: ResourceKind; readonly parentId: string | null; readonly id: string | null };

/** That the URL of a child leads through its own parent, which the actor may see; null for kinds without a parent. */
export const checkParent = (viewpoint: Viewpoint, { kind, parentId, id }: InUrl): Problem | null => {
  const { parent } = declarationOf(kind);
  const { state } = viewpoint;
  if (parent === undefined || parentId === null) return null;
  const above: Resource | undefined = state.get(parent.kind, parentId);
  if (above === undefined || !isVisible(viewpoint, parent.kind, above)) return notFound(parent.kind, parentId);
  if (id === null) return null;
  const child = state.get(kind, id) as { readonly [name: string]: unknown } | undefined;
  return child?.[parent.attribute] === parentId ? null : notFound(kind, id);
};

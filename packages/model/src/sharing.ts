import type { RbacPolicy } from './access/rbac-policy.js';
import type { StateReader } from './state-reader.js';

/** Whom an RBAC policy names when it names everyone. */
export const EVERYONE = '*';

/** The key of the index `rbac_policy.grant`: one object, opened to one target for one purpose. */
export function grantKey(object: string, action: RbacPolicy['action'], target: string): string {
  return `${object} ${action} ${target}`;
}

/** Whether an RBAC policy with this action opens the object to the project: by its name, or as one of everyone. Constant cost. */
export function isOpenTo(
  state: StateReader,
  object: string,
  opening: { readonly project: string | null; readonly action: RbacPolicy['action'] },
): boolean {
  const { project, action } = opening;
  const has = (target: string): boolean => state.countBy('rbac_policy.grant', grantKey(object, action, target)) > 0;
  return has(EVERYONE) || (project !== null && has(project));
}

/** Whether the object is shared with the project (`access_as_shared`): what `shared` says in the project's answers. */
export function isSharedWith(state: StateReader, object: string, project: string | null): boolean {
  return isOpenTo(state, object, { project, action: 'access_as_shared' });
}

/** The ids of the objects of a type that are open to the project in either way, each once. */
export function openedTo(state: StateReader, type: RbacPolicy['object_type'], project: string): string[] {
  const found = (['access_as_shared', 'access_as_external'] as const).flatMap((action) =>
    [project, EVERYONE].flatMap((target) => state.by('rbac_policy.opening', `${type} ${action} ${target}`)),
  );
  return [...new Set(found.map(({ object_id }) => object_id))];
}

import { EVERYONE, isOpenTo, type Network, type Problem, problem, type RbacObjectType, type RbacPolicy, type Resource } from '@manx/model';
import type { Work } from '../work.js';
import { projectsUsing, projectsWithGatewayOn } from './users-of.js';

/** What is shared: an object and its type. */
export type Shareable = { readonly type: RbacObjectType; readonly object: Pick<Resource, 'id' | 'project_id'> };

/** A network's revision counts what opens and closes it; those of other objects do not (neutron `db/rbac_db_models.py`, `revises_on_change`). */
export function countSharing(work: Work, type: RbacObjectType, id: string): void {
  if (type === 'network') work.touch('network', id);
}

/** Opens an object to a target for a purpose; nothing when it is already. */
function openTo(
  work: Work,
  { type, object }: Shareable,
  { action, target }: { readonly action: RbacPolicy['action']; readonly target: string },
): void {
  if (policyFor(work, object.id, { action, target }) !== undefined) return;
  work.create('rbac_policy', {
    project_id: object.project_id,
    description: '',
    object_type: type,
    object_id: object.id,
    action,
    target_project: target,
  });
  countSharing(work, type, object.id);
}

/** What `shared: true` or `false` in a body means: the RBAC policy for every project is made, or withdrawn if nobody depends on it. */
export function setShared(work: Work, shareable: Shareable, shared: boolean): Problem | null {
  const { id } = shareable.object;
  if (shared) {
    openTo(work, shareable, { action: 'access_as_shared', target: EVERYONE });
    return null;
  }
  const policy = policyFor(work, id, { action: 'access_as_shared', target: EVERYONE });
  if (policy === undefined) return null;
  const needed = checkWithdrawal(work, policy);
  if (needed !== null) return shareable.type === 'network' ? problem('InvalidSharedSetting', { id }) : needed;
  work.delete('rbac_policy', policy.id);
  countSharing(work, shareable.type, id);
  return null;
}

/** Ends every sharing of an object that is deleted. */
export function dropSharing(work: Work, objectId: string): void {
  for (const { id } of work.state.by('rbac_policy.object_id', objectId)) work.delete('rbac_policy', id);
}

/**
 * What `router:external: true` or `false` in a body means beside the attribute itself: every project may have gateways and floating
 * IPs there, or nobody. Whether anybody has some, the caller has asked.
 */
export function setExternal(work: Work, network: Pick<Network, 'id' | 'project_id'>, isExternal: boolean): void {
  if (isExternal) {
    openTo(work, { type: 'network', object: network }, { action: 'access_as_external', target: EVERYONE });
    return;
  }
  for (const { id, action } of work.state.by('rbac_policy.object_id', network.id)) {
    if (action === 'access_as_external') work.delete('rbac_policy', id);
  }
  work.touch('network', network.id);
}

/**
 * Why a policy cannot be withdrawn, if a project that has no other access uses its object. `to` is the target that comes instead. As in
 * Neutron (`objects/rbac_db.py`), what is open to everybody, and is no network, stays so while anybody uses it whom no other policy names: its own
 * project too, and the target that comes instead.
 */
export function checkWithdrawal(work: Work, policy: RbacPolicy, to: string | null = null): Problem | null {
  const { state } = work;
  const { object_id, object_type, action, target_project: target } = policy;
  const isGateway = action === 'access_as_external';
  const object: Resource | undefined = state.get(object_type, object_id);
  if (isGateway && target === EVERYONE && object !== undefined && (object as Network).is_default) {
    return problem('RbacPolicyInUse', { object_id, details: 'Default external networks must be shared to everyone.' });
  }
  const covered = new Set(
    state
      .by('rbac_policy.object_id', object_id)
      .filter((other) => other.id !== policy.id && other.action === action)
      .map((other) => other.target_project),
  );
  const isStrict = object_type !== 'network' && target === EVERYONE;
  if (to !== null && !isStrict) covered.add(to);
  if (!isGateway && !isStrict && object !== undefined) covered.add(object.project_id);
  if (covered.has(EVERYONE)) return null;
  const users = isGateway ? projectsWithGatewayOn(state, object_id) : projectsUsing(state, object_type, object_id);
  const left = [...users].filter((project) => !covered.has(project) && (target === EVERYONE || project === target));
  if (left.length === 0) return null;
  const details = isGateway ? 'There are routers attached to this network that depend on this policy for access.' : `project_id=${target}`;
  return problem('RbacPolicyInUse', { object_id, details });
}

function policyFor(
  work: Work,
  object: string,
  { action, target }: { readonly action: RbacPolicy['action']; readonly target: string },
): RbacPolicy | undefined {
  // Asked by key first: most objects are not shared at all.
  if (!isOpenTo(work.state, object, { action, project: target })) return undefined;
  return work.state.by('rbac_policy.object_id', object).find((policy) => policy.action === action && policy.target_project === target);
}

import {
  EVERYONE,
  isOpenTo,
  isProblem,
  isVisible,
  notFound,
  type Problem,
  problem,
  type RbacPolicy,
  type RbacPolicyDraft,
  type Resource,
} from '@manx/model';
import { mayUse } from '../authority.js';
import type { Work } from '../work.js';
import { checkWithdrawal, countSharing } from './sharing.js';

/** Opens an object to a project or to every project: its owner may, and administrators. */
export function createRbacPolicy(work: Work, draft: RbacPolicyDraft): RbacPolicy | Problem {
  const { object_type, object_id, target_tenant: target_project, project_id } = draft;
  const action = readAction(draft);
  if (isProblem(action)) return action;
  const refused = checkOwner(work, draft) ?? checkScopeReach(work, draft);
  if (refused !== null) return refused;
  if (hasPolicy(work, { object_id, action, target_project })) return problem('DuplicateRbacPolicy', {});
  const network = action === 'access_as_external' ? work.state.get('network', object_id) : undefined;
  if (network !== undefined && !network['router:external']) work.update('network', network, { 'router:external': true });
  countSharing(work, object_type, object_id);
  return work.create('rbac_policy', { project_id, description: '', object_type, object_id, action, target_project });
}

/** Gives a policy another target; not while the one it has depends on it. */
export function updateRbacPolicy(work: Work, policy: RbacPolicy, values: { readonly target_tenant?: string }): RbacPolicy | Problem {
  const { target_tenant: target_project = policy.target_project } = values;
  if (target_project === policy.target_project) return policy;
  const refused = checkOwner(work, policy) ?? checkWithdrawal(work, policy, target_project);
  if (refused !== null) return refused;
  if (hasPolicy(work, { ...policy, target_project })) return problem('DuplicateRbacPolicy', {});
  countSharing(work, policy.object_type, policy.object_id);
  return work.update('rbac_policy', policy, { target_project });
}

/** Withdraws a policy that nobody depends on. The last one for gateways makes its network an inner one again. */
export function deleteRbacPolicy(work: Work, policy: RbacPolicy): Problem | null {
  const refused = checkWithdrawal(work, policy);
  if (refused !== null) return refused;
  work.delete('rbac_policy', policy.id);
  countSharing(work, policy.object_type, policy.object_id);
  if (policy.action !== 'access_as_external') return null;
  const network = work.state.get('network', policy.object_id);
  const isLast = !work.state.by('rbac_policy.object_id', policy.object_id).some(({ action }) => action === 'access_as_external');
  if (isLast && network !== undefined) work.update('network', network, { 'router:external': false });
  return null;
}

function readAction({ action, object_type }: RbacPolicyDraft): RbacPolicy['action'] | Problem {
  if (action === 'access_as_shared' || (action === 'access_as_external' && object_type === 'network')) return action;
  const valid = object_type === 'network' ? "['access_as_shared', 'access_as_external']" : "['access_as_shared']";
  return problem('InvalidInput', { error_message: `Invalid action '${action}' for object type '${object_type}'. Valid actions: ${valid}` });
}

/** Neutron's callbacks refuse, so that both refusals are invalid input: an object that is not there, and one that is another's. */
function checkOwner(work: Work, { object_type, object_id }: Pick<RbacPolicy, 'object_type' | 'object_id'>): Problem | null {
  const object: Resource | undefined = work.state.get(object_type, object_id);
  if (object === undefined || !isVisible(work, object_type, object)) {
    return problem('InvalidInput', { error_message: notFound(object_type, object_id).detail.replace(/\.$/, '') });
  }
  if (object.project_id === work.actor.project_id) return null;
  if (mayUse(work, 'set_rbac_policy:foreign_object', { kind: object_type, resource: object })) return null;
  const what = object_type === 'network' ? 'networks' : 'objects';
  return problem('InvalidInput', { error_message: `Only admins can manipulate policies on ${what} they do not own` });
}

/** Whoever is to use a pool that is in an address scope must be able to use the scope (neutron `objects/subnetpool.py`). */
function checkScopeReach(work: Work, { object_type, object_id, target_tenant }: RbacPolicyDraft): Problem | null {
  const scope = object_type === 'subnetpool' ? (work.state.get('subnetpool', object_id)?.address_scope_id ?? null) : null;
  if (scope === null) return null;
  const isReached = [EVERYONE, target_tenant].some((project) => isOpenTo(work.state, scope, { action: 'access_as_shared', project }));
  if (isReached) return null;
  const reason = "target project doesn't have access to associated address scope.";
  return problem('InvalidInput', { error_message: `Failed to create RBAC policy on resource ${object_id} because ${reason}` });
}

/** Whether there is just this policy already; one for every project is another than one for a project. */
function hasPolicy(
  work: Work,
  { object_id, action, target_project }: Pick<RbacPolicy, 'object_id' | 'action' | 'target_project'>,
): boolean {
  if (!isOpenTo(work.state, object_id, { action, project: target_project })) return false;
  return work.state
    .by('rbac_policy.object_id', object_id)
    .some((policy) => policy.action === action && policy.target_project === target_project);
}

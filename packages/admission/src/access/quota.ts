import { badRequest, type Problem, problem, QUOTA_RESOURCES, type QuotaUpdate, quotaUsage } from '@manx/model';
import { disallowed } from '../authority.js';
import type { Work } from '../work.js';

/** Sets limits of a project; those not named stay as they are. With `check_limit`, none below what is used. */
export function setQuota(work: Work, project: string, { limits, check_limit }: QuotaUpdate): string[] | Problem {
  const refused = mayManage(work, 'update_quota');
  if (refused !== null) return refused;
  for (const resource of check_limit ? QUOTA_RESOURCES : []) {
    const limit = limits[resource];
    const used = quotaUsage(work.state, project, resource);
    if (limit === undefined || limit < 0 || used <= limit) continue;
    return badRequest(`Quota limit ${limit} for ${resource} must be greater than or equal to already used ${used}`);
  }
  const before = work.state.get('quota', project);
  if (before === undefined) work.create('quota', { id: project, project_id: project, description: '', limits });
  else work.update('quota', before, { limits: { ...before.limits, ...limits } });
  return [project];
}

/** Gives a project the default limits again. */
export function removeQuota(work: Work, project: string): string[] | Problem {
  const refused = mayManage(work, 'delete_quota');
  if (refused !== null) return refused;
  if (work.state.get('quota', project) === undefined) return problem('TenantQuotaNotFound', { id: project });
  work.delete('quota', project);
  return [project];
}

/** Whether the actor may manage quotas: as in Neutron, the policy is asked about the actor's own project. */
function mayManage({ actor, policy }: Work, action: string): Problem | null {
  const own = (name: string): unknown => (name === 'project_id' || name === 'tenant_id' ? actor.project_id : undefined);
  return policy.allows(action, actor, own) ? null : disallowed(action);
}

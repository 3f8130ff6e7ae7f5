import {
  type Problem,
  problem,
  QUOTA_RESOURCES,
  type QuotaResource,
  quotaLimits,
  quotaUsage,
  type Resource,
  type ResourceKind,
} from '@manx/model';
import type { Work } from '../work.js';

/** What else a creation makes for the same project, and Neutron counts before it. */
const MADE_WITH: { readonly [K in ResourceKind]?: readonly QuotaResource[] } = {
  security_group: ['security_group', 'security_group_rule'],
};

/** That the projects of what was just made are still within their quotas for this kind; counted in the state, so exact. */
export function checkQuota(work: Work, kind: ResourceKind, made: readonly string[]): Problem | null {
  const counted = MADE_WITH[kind] ?? QUOTA_RESOURCES.filter((resource) => resource === kind);
  if (counted.length === 0) return null;
  const { state, context } = work;
  const ownerOf = (id: string): string => {
    const resource: Resource | undefined = state.get(kind, id);
    return resource?.project_id ?? '';
  };
  const projects = new Set(made.map(ownerOf));
  for (const project of projects) {
    const limits = quotaLimits(state, project, context.settings.quotas ?? {});
    const overs = counted.filter((resource) => limits[resource] >= 0 && quotaUsage(state, project, resource) > limits[resource]);
    if (overs.length > 0) return problem('OverQuota', { overs: `[${overs.map((name) => `'${name}'`).join(', ')}]` });
  }
  return null;
}

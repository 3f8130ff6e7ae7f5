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
  const projects = new Set(
    made.map((id) => {
      const resource: Resource | undefined = work.state.get(kind, id);
      return resource?.project_id ?? '';
    }),
  );
  for (const project of projects) {
    const over = overQuota(work, project, counted);
    if (over !== null) return over;
  }
  return null;
}

/**
 * That the projects of what an action made on the way are still within their quotas. Neutron counts these too, the port of a router's
 * interface say, and lets the limit be passed by them; here no limit is. What belongs to no project (ports of gateways and of floating
 * IPs) nobody's quota knows of, as in Neutron.
 */
export function checkQuotaOfMade(work: Work): Problem | null {
  for (const { kind, id } of work.made) {
    const over = checkQuota(work, kind, [id]);
    if (over !== null) return over;
  }
  return null;
}

function overQuota({ state, context }: Work, project: string, counted: readonly QuotaResource[]): Problem | null {
  if (project === '') return null;
  const limits = quotaLimits(state, project, context.settings.quotas ?? {});
  const overs = counted.filter((resource) => limits[resource] >= 0 && quotaUsage(state, project, resource) > limits[resource]);
  return overs.length === 0 ? null : problem('OverQuota', { overs: `[${overs.map((name) => `'${name}'`).join(', ')}]` });
}

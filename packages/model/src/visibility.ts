import { policyName } from './policy-name.js';
import { resourceTarget } from './policy-target.js';
import type { Resource, ResourceKind } from './resource.js';
import { judgementOf, type Viewpoint } from './viewpoint.js';

/**
 * Whether the actor may know that the resource is there: what the policy's `get_` rule says of it. By default its project's own, what
 * is shared with it, the ports on its project's own networks (without them no owner could tell why its network is in use), and
 * everything for administrators.
 */
export function isVisible(viewpoint: Viewpoint, kind: ResourceKind, resource: Resource): boolean {
  return visibilityTest(viewpoint, kind)(resource);
}

/** `isVisible` for many resources of a kind: what does not depend on the resource is decided once. */
export function visibilityTest(viewpoint: Viewpoint, kind: ResourceKind): (resource: Resource) => boolean {
  if (kind !== 'default_security_group_rule') return policyTest(viewpoint, kind);
  const test = policyTest(viewpoint, kind);
  return (resource) => !('is_removed' in resource) && test(resource);
}

function policyTest(viewpoint: Viewpoint, kind: ResourceKind): (resource: Resource) => boolean {
  const { state, actor } = viewpoint;
  const judgement = judgementOf(viewpoint, `get_${policyName(kind)}`);
  // As in Neutron, everybody knows the quotas of the own project, whatever the policy says of those of others.
  const isOwn = (resource: Resource): boolean => kind === 'quota' && resource.project_id === actor.project_id;
  if (typeof judgement === 'boolean') return (resource) => judgement || isOwn(resource);
  return (resource) => judgement(resourceTarget(kind, resource, { state, actor })) || isOwn(resource);
}

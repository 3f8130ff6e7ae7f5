import { type Actor, isPrivileged } from './actor.js';
import type { Resource, ResourceKind } from './resource.js';
import type { StateReader } from './state-reader.js';

/**
 * Whether the actor may know that the resource is there: its project's own, a shared network and its subnets, the ports on its
 * project's own networks (without them no owner could tell why its network is in use), and everything for administrators.
 */
export function isVisible(state: StateReader, actor: Actor, kind: ResourceKind, resource: Resource): boolean {
  if (isPrivileged(actor) || resource.project_id === actor.project_id) return true;
  if ('network_id' in resource) {
    const network = state.get('network', resource.network_id);
    if (kind === 'subnet') return network?.shared === true || network?.project_id === actor.project_id;
    return network?.project_id === actor.project_id;
  }
  if ('security_group_id' in resource) return state.get('security_group', resource.security_group_id)?.project_id === actor.project_id;
  return 'shared' in resource && resource.shared;
}

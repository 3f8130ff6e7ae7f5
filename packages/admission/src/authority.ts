import {
  type Actor,
  canWrite,
  isPrivileged,
  isVisible,
  type Network,
  notFound,
  type Problem,
  problem,
  type Resource,
  type ResourceKind,
  type StateReader,
} from '@manx/model';

/** A refusal by policy, in oslo.policy's words. */
export function disallowed(action: string, attribute?: string): Problem {
  const rule = attribute === undefined ? `rule:${action}` : `(rule:${action} and rule:${action}:${attribute})`;
  return problem('PolicyNotAuthorized', { rule });
}

/** Whether the actor may make things of this kind at all. */
export function mayCreate(actor: Actor, kind: ResourceKind): Problem | null {
  return canWrite(actor) ? null : disallowed(`create_${kind}`);
}

/** The network that something is to be made on: not found when the actor may not know of it. */
export function networkFor(state: StateReader, actor: Actor, id: string): Network | Problem {
  const network = state.get('network', id);
  return network !== undefined && isVisible(state, actor, 'network', network) ? network : notFound('network', id);
}

/** Whether the actor owns the network, or may act as if it did. */
export function isNetworkOwner(actor: Actor, network: Network): boolean {
  return isPrivileged(actor) || network.project_id === actor.project_id;
}

/**
 * Whether the actor may change or delete the resource: its owner may, and the owner of the network may what Neutron lets it (change
 * subnets, delete subnets and ports). Not found when it may not even know of it.
 */
export function mayChange(
  state: StateReader,
  actor: Actor,
  target: { kind: ResourceKind; id: string; op: 'update' | 'delete' },
): Problem | null {
  const { kind, id, op } = target;
  const resource = state.get(kind, id);
  if (resource === undefined || !isVisible(state, actor, kind, resource)) return notFound(kind, id);
  const isAllowed =
    canWrite(actor) &&
    (isPrivileged(actor) || resource.project_id === actor.project_id || ownsAround(state, actor, { kind, op, resource }));
  return isAllowed ? null : disallowed(`${op}_${kind}`);
}

function ownsAround(
  state: StateReader,
  actor: Actor,
  target: { kind: ResourceKind; op: 'update' | 'delete'; resource: Resource },
): boolean {
  const { kind, op, resource } = target;
  if ('security_group_id' in resource) return state.get('security_group', resource.security_group_id)?.project_id === actor.project_id;
  if (!('network_id' in resource) || (kind === 'port' && op === 'update')) return false;
  return state.get('network', resource.network_id)?.project_id === actor.project_id;
}

import { isVisible, notFound, type Problem, problem, type StateReader, type SubnetPool } from '@manx/model';
import { mayUse } from '../authority.js';
import type { Work } from '../work.js';
import { intersects } from './prefix-set.js';

/** A pool as it is to be; its id is new when it is being made. */
type Scoped = Pick<SubnetPool, 'id' | 'address_scope_id' | 'ip_version' | 'prefixes'>;

/**
 * Why a pool cannot be in the address scope that it is to be in, if it cannot: a scope that the actor may not use, of the other family,
 * with a pool that overlaps, or networks that would have subnets in two scopes. S15: in the flat space a scope separates nothing.
 */
export function checkPoolScope(work: Work, pool: Scoped): Problem | null {
  const { address_scope_id: id, ip_version, prefixes } = pool;
  if (id === null) return null;
  const scope = work.state.get('address_scope', id);
  if (scope === undefined || !isVisible(work, 'address_scope', scope)) return notFound('address_scope', id);
  if (scope.ip_version !== ip_version) {
    return problem('IllegalSubnetPoolIpVersionAssociationToAddressScope', {
      subnetpool_id: pool.id,
      address_scope_id: id,
      ip_version: scope.ip_version,
    });
  }
  const mixed = checkAffinity(work.state, pool);
  if (mixed !== null) return mixed;
  const others = work.state.by('subnetpool.address_scope_id', id).filter((other) => other.id !== pool.id);
  return others.some((other) => intersects(prefixes, other.prefixes)) ? problem('AddressScopePrefixConflict', {}) : null;
}

/** A pool in somebody else's shared scope cannot be changed but by policy. */
export function checkScopeOwner(work: Work, pool: SubnetPool): Problem | null {
  const { address_scope_id: id } = pool;
  if (id === null) return null;
  const scope = work.state.get('address_scope', id);
  if (scope === undefined || scope.project_id === work.actor.project_id) return null;
  if (mayUse(work, 'set_subnetpool:foreign_address_scope', { kind: 'address_scope', resource: scope })) return null;
  return problem('IllegalSubnetPoolUpdate', {
    reason: `subnetpool ${pool.id} cannot be updated when associated with shared address scope ${id}`,
  });
}

/** The networks with subnets of a pool have no other subnets of its family: they would be in another scope then. */
function checkAffinity(state: StateReader, pool: Scoped): Problem | null {
  const networks = new Set(state.by('subnet.subnetpool_id', pool.id).map(({ network_id }) => network_id));
  const isMixed = [...networks].some((network) =>
    state.by('subnet.network_id', network).some((subnet) => subnet.ip_version === pool.ip_version && subnet.subnetpool_id !== pool.id),
  );
  return isMixed ? problem('NetworkAddressScopeAffinityError', {}) : null;
}

/** The default pool of a family, if there is one; another one cannot be. */
export function checkDefaultPool(state: StateReader, family: 4 | 6): Problem | null {
  if (state.countBy('subnetpool.default_of', String(family)) === 0) return null;
  return problem('InvalidInput', {
    error_message: 'A default subnetpool for this IP family has already been set. Only one default may exist per IP family',
  });
}

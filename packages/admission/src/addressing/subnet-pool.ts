import type { Cidr } from '@manx/ip';
import { isProblem, type Problem, problem, type SubnetPool, type SubnetPoolDraft } from '@manx/model';
import { dropSharing, setShared } from '../access/sharing.js';
import type { Work } from '../work.js';
import { poolBounds, poolFamily } from './pool-bounds.js';
import { checkDefaultPool, checkPoolScope, checkScopeOwner } from './pool-scope.js';
import { compacted, isWithin } from './prefix-set.js';

/** Makes a pool. */
export function createSubnetPool(work: Work, draft: SubnetPoolDraft): SubnetPool | Problem {
  const ip_version = poolFamily(draft.prefixes);
  if (isProblem(ip_version)) return ip_version;
  const bounds = poolBounds(ip_version, draft);
  if (isProblem(bounds)) return bounds;
  const { project_id, name, description, is_default, default_quota = null, address_scope_id = null, shared } = draft;
  const id = work.context.newId();
  const prefixes = compacted(draft.prefixes);
  const refused =
    (is_default ? checkDefaultPool(work.state, ip_version) : null) ?? checkPoolScope(work, { id, address_scope_id, ip_version, prefixes });
  if (refused !== null) return refused;
  const pool = work.create('subnetpool', {
    id,
    project_id,
    name,
    description,
    prefixes,
    ip_version,
    ...bounds,
    default_quota,
    address_scope_id,
    is_default,
  });
  if (shared) setShared(work, { type: 'subnetpool', object: pool }, true);
  return pool;
}

/** Changes a pool; its prefixes can only become more. */
export function updateSubnetPool(work: Work, pool: SubnetPool, values: Partial<SubnetPoolDraft>): SubnetPool | Problem {
  const { project_id: _owner, shared: _shared, prefixes: asked, ...rest } = values;
  const prefixes = asked === undefined ? pool.prefixes : grown(pool, asked);
  if (isProblem(prefixes)) return prefixes;
  const after: SubnetPool = { ...pool, ...rest, prefixes };
  const bounds = poolBounds(pool.ip_version, after);
  if (isProblem(bounds)) return bounds;
  const refused =
    (after.is_default && !pool.is_default ? checkDefaultPool(work.state, pool.ip_version) : null) ??
    checkScopeOwner(work, pool) ??
    checkPoolScope(work, after);
  return refused ?? work.update('subnetpool', pool, { ...rest, ...bounds, prefixes });
}

/** Deletes a pool that no subnet is of. */
export function deleteSubnetPool(work: Work, pool: SubnetPool): Problem | null {
  if (work.state.countBy('subnet.subnetpool_id', pool.id) > 0) {
    return problem('SubnetPoolDeleteError', { reason: 'Subnet pool has existing allocations' });
  }
  dropSharing(work, pool.id);
  work.delete('subnetpool', pool.id);
  return null;
}

function grown(pool: SubnetPool, asked: readonly Cidr[]): readonly Cidr[] | Problem {
  const family = poolFamily(asked);
  if (isProblem(family)) return family;
  if (family !== pool.ip_version) return problem('PrefixVersionMismatch', {});
  if (!isWithin(pool.prefixes, asked)) {
    return problem('IllegalSubnetPoolPrefixUpdate', { msg: 'Existing prefixes must be a subset of the new prefixes' });
  }
  return compacted(asked);
}

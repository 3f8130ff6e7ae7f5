import { type Cidr, cidrFirst, cidrOf, prefixLength } from '@manx/ip';
import { isVisible, notFound, type Problem, problem, type SubnetPool } from '@manx/model';
import type { Work } from '../work.js';
import { isWithin, without } from './prefix-set.js';

/** What a new subnet asks of a pool: a prefix, a length, or whatever the pool gives. */
export type Cut = {
  readonly project_id: string;
  readonly ip_version: 4 | 6;
  readonly cidr?: Cidr | null;
  readonly prefixlen?: number;
  readonly subnetpool_id?: string | null;
  readonly use_default_subnetpool?: boolean;
  readonly allocation_pools?: unknown;
};

/** Bits of the unit that quotas of a family count: single addresses, or /64s. */
const QUOTA_UNIT = { 4: 32, 6: 64 } as const;

/** The pool that a new subnet is to be of; null when it is of none. */
export function poolFor(work: Work, cut: Cut): SubnetPool | Problem | null {
  const { subnetpool_id: id = null, ip_version } = cut;
  if (cut.use_default_subnetpool === true) {
    if (id !== null) return bad('subnetpool_id and use_default_subnetpool cannot both be specified');
    const [pool] = work.state.by('subnetpool.default_of', String(ip_version));
    return pool ?? bad(`No default subnetpool found for IPv${ip_version}`);
  }
  if (id === null) return null;
  const pool = work.state.get('subnetpool', id);
  return pool !== undefined && isVisible(work, 'subnetpool', pool) ? pool : notFound('subnetpool', id);
}

/**
 * The prefix of a new subnet of a pool: the one asked for, or one that no subnet overlaps, of this pool or anywhere in the flat space
 * (S13), from the smallest free block that is large enough, so that large ones stay whole. Linear in the subnets inside the pool.
 */
export function cutFrom(work: Work, pool: SubnetPool, cut: Cut): Cidr | Problem {
  const asked = cut.cidr ?? null;
  if (asked === null && cut.allocation_pools !== undefined) return bad('allocation_pools allowed only for specific subnet requests.');
  if (cut.ip_version !== pool.ip_version) return bad(`Cannot allocate IPv${cut.ip_version} subnet from IPv${pool.ip_version} subnet pool`);
  const length = asked === null ? (cut.prefixlen ?? pool.default_prefixlen) : prefixLength(asked);
  const refused = checkLength(pool, length) ?? checkPoolQuota(work, pool, { project: cut.project_id, length });
  if (refused !== null) return refused;
  const own = work.state.by('subnet.subnetpool_id', pool.id).map(({ cidr }) => cidr);
  if (asked !== null) {
    const isThere = isWithin([asked], without(pool.prefixes, own));
    return isThere ? asked : noRoom('Cannot allocate requested subnet from the available set of prefixes');
  }
  const isFlat = work.context.settings.overlapping_subnets === 'refuse';
  const taken = isFlat ? pool.prefixes.flatMap((prefix) => work.state.overlapping(prefix).map(({ cidr }) => cidr)) : own;
  const blocks = without(pool.prefixes, taken).sort((a, b) => prefixLength(b) - prefixLength(a));
  const block = blocks.find((candidate) => prefixLength(candidate) <= length);
  return block === undefined ? noRoom(`Insufficient prefix space to allocate subnet size /${length}`) : cidrOf(cidrFirst(block), length);
}

/** Why a subnet of this pool (null: of none) cannot be on the network: all of a family there are of one pool, or of one scope. */
export function checkNetworkPools(
  work: Work,
  networkId: string,
  { family, pool }: { readonly family: 4 | 6; readonly pool: SubnetPool | null },
): Problem | null {
  const others = work.state.by('subnet.network_id', networkId).filter(({ ip_version }) => ip_version === family);
  const pools = others.map(({ subnetpool_id: id }) => (id === null ? undefined : work.state.get('subnetpool', id)));
  const scope = pools.find((other) => other !== undefined && other.address_scope_id !== null)?.address_scope_id ?? null;
  if (scope !== null && pool !== null && pool.address_scope_id !== scope) return problem('NetworkAddressScopeAffinityError', {});
  const isOther =
    pool === null
      ? others.some(({ subnetpool_id }) => subnetpool_id !== null)
      : scope === null && others.some(({ subnetpool_id }) => subnetpool_id !== pool.id);
  return isOther ? problem('NetworkSubnetPoolAffinityError', {}) : null;
}

function checkLength({ min_prefixlen, max_prefixlen }: SubnetPool, prefixlen: number): Problem | null {
  if (prefixlen > max_prefixlen) return problem('MaxPrefixSubnetAllocationError', { prefixlen, max_prefixlen });
  return prefixlen < min_prefixlen ? problem('MinPrefixSubnetAllocationError', { prefixlen, min_prefixlen }) : null;
}

function checkPoolQuota(
  work: Work,
  pool: SubnetPool,
  { project, length }: { readonly project: string; readonly length: number },
): Problem | null {
  const { default_quota: quota, ip_version } = pool;
  if (quota === null || quota === 0) return null;
  const units = (bits: number): number => 2 ** (QUOTA_UNIT[ip_version] - bits);
  const used = work.state
    .by('subnet.subnetpool_id', pool.id)
    .filter(({ project_id }) => project_id === project)
    .reduce((sum, { cidr }) => sum + units(prefixLength(cidr)), 0);
  return used + units(length) > quota ? problem('SubnetPoolQuotaExceeded', {}) : null;
}

function bad(msg: string): Problem {
  return problem('BadRequest', { resource: 'subnets', msg });
}

function noRoom(reason: string): Problem {
  return problem('SubnetAllocationError', { reason });
}

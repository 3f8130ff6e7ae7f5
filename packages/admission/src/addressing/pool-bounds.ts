import { type Cidr, familyOf } from '@manx/ip';
import { type Problem, problem, type SubnetPool } from '@manx/model';

/** What lengths a pool's subnets may have. */
export type Bounds = Pick<SubnetPool, 'min_prefixlen' | 'max_prefixlen' | 'default_prefixlen'>;

/** Neutron's bounds of a pool that is told none (neutron `ipam/subnet_alloc.py`), and the address bits. */
const FAMILIES = { 4: { bits: 32, min: 8 }, 6: { bits: 128, min: 64 } } as const;

/** The one family of a pool's prefixes. */
export function poolFamily(prefixes: readonly Cidr[]): 4 | 6 | Problem {
  const [first] = prefixes;
  if (first === undefined) return problem('EmptySubnetPoolPrefixList', {});
  const family = familyOf(first);
  return prefixes.every((prefix) => familyOf(prefix) === family) ? family : problem('PrefixVersionMismatch', {});
}

/** The bounds of a pool: those that are asked for, the family's where none are; the default is the shortest unless told. */
export function poolBounds(family: 4 | 6, asked: Partial<Bounds>): Bounds | Problem {
  const { bits, min } = FAMILIES[family];
  const min_prefixlen = asked.min_prefixlen ?? min;
  const max_prefixlen = asked.max_prefixlen ?? bits;
  const default_prefixlen = asked.default_prefixlen ?? min_prefixlen;
  if (min_prefixlen > max_prefixlen) return outOfBounds(['min_prefixlen', min_prefixlen], ['max_prefixlen', max_prefixlen]);
  if (max_prefixlen > bits) return outOfBounds(['max_prefixlen', max_prefixlen], ['ip_version_max', bits]);
  if (default_prefixlen < min_prefixlen) return outOfBounds(['default_prefixlen', default_prefixlen], ['min_prefixlen', min_prefixlen]);
  if (default_prefixlen > max_prefixlen) return outOfBounds(['default_prefixlen', default_prefixlen], ['max_prefixlen', max_prefixlen]);
  return { min_prefixlen, max_prefixlen, default_prefixlen };
}

type Bound = readonly [name: string, length: number];

function outOfBounds([prefix_type, prefixlen]: Bound, [base_prefix_type, base_prefixlen]: Bound): Problem {
  return problem('IllegalSubnetPoolPrefixBounds', { prefix_type, prefixlen, base_prefix_type, base_prefixlen });
}

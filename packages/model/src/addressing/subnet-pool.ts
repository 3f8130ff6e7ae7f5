import type { Cidr } from '@manx/ip';
import { computedShared, sharedAttribute } from '../access/shared-attribute.js';
import type { Attribute, Declaration, FilterTest } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from '../standard-attributes.js';
import { boolean, integer, oneOf, orNull, readOnly, text, uuid, type ValueRule } from '../value-rule.js';
import { prefixList } from './prefix-list.js';

/** A Neutron subnet pool: prefixes that subnets are cut from. */
export type SubnetPool = StandardAttributes & {
  readonly name: string;
  readonly ip_version: 4 | 6;
  /** Normalized, merged where they adjoin, sorted. */
  readonly prefixes: readonly Cidr[];
  readonly default_prefixlen: number;
  readonly min_prefixlen: number;
  readonly max_prefixlen: number;
  /** Per project: IPv4 addresses, or IPv6 /64s; null or 0: no limit. */
  readonly default_quota: number | null;
  readonly address_scope_id: string | null;
  /** True: what subnets are cut from that ask for the default; one of each family. */
  readonly is_default: boolean;
};

/** What a creation asks for, decoded. */
export type SubnetPoolDraft = Pick<SubnetPool, 'project_id' | 'name' | 'description' | 'prefixes' | 'is_default'> &
  Partial<Pick<SubnetPool, 'default_prefixlen' | 'min_prefixlen' | 'max_prefixlen' | 'default_quota' | 'address_scope_id'>> & {
    readonly shared: boolean;
  };

/** The largest number that Neutron's database holds. */
const MOST = 0x7f_ff_ff_ff;

const poolName: ValueRule = {
  ...text(NAME_LENGTH),
  read: (value) =>
    typeof value === 'string' && value.trim() === ''
      ? { reason: `'${value}' Blank strings are not permitted` }
      : text(NAME_LENGTH).read(value),
};

/** A length of prefixes. */
function bound(doc: string): Attribute {
  return { ...settable(doc, integer(0, MOST), undefined), shown: { type: 'string' } };
}

/** In views lengths are text, as in Neutron; filters compare numbers. */
function boundFilter(name: 'default_prefixlen' | 'min_prefixlen' | 'max_prefixlen'): FilterTest {
  return (resource, wanted) => wanted.includes((resource as SubnetPool)[name]);
}

/** Subnet pools, declared. Extensions: `subnet_allocation`, `address-scope`, `default-subnetpools`, `subnetpool-prefix-ops`, `subnet_onboard`. */
export const subnetPoolDeclaration: Declaration<'subnetpool'> = {
  kind: 'subnetpool',
  collection: 'subnetpools',
  path: 'subnetpools',
  notFound: 'SubnetPoolNotFound',
  attributes: {
    ...idAttribute,
    name: { ...settable('A name for people; need not be unique.', poolName, undefined), onCreate: 'required' },
    ...ownerAttributes,
    prefixes: {
      ...settable('What subnets are cut from, of one family; an update can only add.', prefixList, undefined),
      onCreate: 'required',
      isFilter: false,
      isSortKey: false,
    },
    default_quota: {
      ...settable('How much of it each project may use: IPv4 addresses, or IPv6 /64s.', integer(0, MOST), undefined),
      shown: { type: ['integer', 'null'] },
    },
    ip_version: told('The family of its prefixes.', {
      ...readOnly({ enum: [4, 6] }),
      readFilter: oneOf([4, 6]).readFilter ?? Number,
    }),
    default_prefixlen: bound('The length of the prefix of a subnet that asks for none: the least unless told.'),
    min_prefixlen: bound('The shortest prefix of a subnet: 8 or 64 unless told.'),
    max_prefixlen: bound('The longest prefix of a subnet: 32 or 128 unless told.'),
    address_scope_id: settable('The address scope that it is in; a label, for all addresses lie in one space.', orNull(uuid), null),
    is_default: settable('True: subnets that ask for the default are cut from it; one of each family.', boolean, false),
    shared: { ...sharedAttribute('True: every project may cut subnets from it. Only an administrator sets it.'), onUpdate: 'refused' },
    ...standardAttributes,
  },
  computed: {
    default_prefixlen: (pool) => String(pool.default_prefixlen),
    min_prefixlen: (pool) => String(pool.min_prefixlen),
    max_prefixlen: (pool) => String(pool.max_prefixlen),
    shared: computedShared,
  },
  filters: {
    ...changedSince,
    default_prefixlen: boundFilter('default_prefixlen'),
    min_prefixlen: boundFilter('min_prefixlen'),
    max_prefixlen: boundFilter('max_prefixlen'),
  },
  indexed: { project_id: 'subnetpool.project_id', address_scope_id: 'subnetpool.address_scope_id' },
};

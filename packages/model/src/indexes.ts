import { ACCESS_INDEXES } from './access/access-indexes.js';
import { ADDRESSING_INDEXES } from './addressing/addressing-indexes.js';
import { migratingTo } from './operations/migration.js';
import { OPERATIONS_INDEXES } from './operations/operations-indexes.js';
import { QOS_INDEXES } from './qos/qos-indexes.js';
import type { ResourceKind, ResourceOf } from './resource.js';
import { ROUTING_INDEXES } from './routing/routing-indexes.js';

/** One secondary index: a name, and the keys under which a resource is filed (none, one or more). */
export type IndexTable = {
  readonly [K in ResourceKind]: { readonly [name: string]: (resource: ResourceOf[K]) => string | readonly string[] };
};

/**
 * Every secondary index of the state, by kind. A key function names the values that a resource is found by; empty text files nothing.
 * Adding a line here is all that a new index takes.
 */
export const INDEXES = {
  network: {
    'network.project_id': (n) => n.project_id,
    'network.qos_policy_id': (n) => n.qos_policy_id ?? '',
    /** The flat networks of a physical network. */
    'network.physical_network': (n) => n['provider:physical_network'] ?? '',
    'network.default': (n) => (n.is_default ? 'true' : ''),
  },
  subnet: {
    'subnet.project_id': (s) => s.project_id,
    'subnet.network_id': (s) => s.network_id,
    'subnet.segment_id': (s) => s.segment_id ?? '',
    'subnet.subnetpool_id': (s) => s.subnetpool_id ?? '',
  },
  port: {
    'port.project_id': (p) => p.project_id,
    'port.network_id': (p) => p.network_id,
    'port.subnet_id': (p) => p.fixed_ips.map((f) => f.subnet_id),
    /** Only of routers' interfaces: which routers are on a subnet. */
    'port.interface_subnet_id': (p) => (p.device_owner === 'network:router_interface' ? p.fixed_ips.map((f) => f.subnet_id) : ''),
    'port.device_id': (p) => p.device_id,
    'port.mac_address': (p) => p.mac_address,
    'port.security_group': (p) => p.security_groups,
    'port.claimed_address': (p) => p.claimed_addresses?.map(({ ip_address }) => ip_address) ?? '',
    'port.host': (p) => p['binding:host_id'],
    'port.migrating_to': (p) => migratingTo(p) ?? '',
    'port.visited_host': (p) => p.visits?.map(({ host }) => host) ?? '',
    'port.qos_policy_id': (p) => p.qos_policy_id ?? '',
  },
  security_group: {
    'security_group.project_id': (g) => g.project_id,
    'security_group.default_of': (g) => (g.name === 'default' ? g.project_id : ''),
  },
  security_group_rule: {
    'security_group_rule.project_id': (r) => r.project_id,
    'security_group_rule.security_group_id': (r) => r.security_group_id,
    'security_group_rule.remote_group_id': (r) => r.remote_group_id ?? '',
    'security_group_rule.remote_address_group_id': (r) => r.remote_address_group_id ?? '',
  },
  ...ADDRESSING_INDEXES,
  ...ROUTING_INDEXES,
  ...QOS_INDEXES,
  ...ACCESS_INDEXES,
  ...OPERATIONS_INDEXES,
} as const satisfies IndexTable;

/** The names of a kind's indexes. */
export type IndexNameOf<K extends ResourceKind> = keyof (typeof INDEXES)[K] & string;

/** The index that every kind has besides: by each of a resource's tags. Kinds without tags file nothing in it. */
export type TagIndexName<K extends ResourceKind = ResourceKind> = `${K}.tag`;

/** The name of any index, `kind.attribute`. */
export type IndexName = { [K in ResourceKind]: IndexNameOf<K> }[ResourceKind] | TagIndexName;

/** The kind of resource that an index finds. */
export type IndexKind<I extends IndexName> = { [K in ResourceKind]: I extends IndexNameOf<K> | TagIndexName<K> ? K : never }[ResourceKind];

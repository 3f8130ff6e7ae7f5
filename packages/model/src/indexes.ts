import type { ResourceKind, ResourceOf } from './resource.js';

/** One secondary index: a name, and the keys under which a resource is filed (none, one or more). */
type IndexTable = { readonly [K in ResourceKind]: { readonly [name: string]: (resource: ResourceOf[K]) => string | readonly string[] } };

/**
 * Every secondary index of the state, by kind. A key function names the values that a resource is found by; empty text files nothing.
 * Adding a line here is all that a new index takes.
 */
export const INDEXES = {
  network: {
    'network.project_id': (n) => n.project_id,
    'network.shared': (n) => (n.shared ? 'true' : ''),
  },
  subnet: {
    'subnet.project_id': (s) => s.project_id,
    'subnet.network_id': (s) => s.network_id,
  },
  port: {
    'port.project_id': (p) => p.project_id,
    'port.network_id': (p) => p.network_id,
    'port.subnet_id': (p) => p.fixed_ips.map((f) => f.subnet_id),
    'port.device_id': (p) => p.device_id,
    'port.mac_address': (p) => p.mac_address,
    'port.security_group': (p) => p.security_groups,
    'port.host': (p) => p['binding:host_id'],
  },
  security_group: {
    'security_group.project_id': (g) => g.project_id,
    'security_group.default_of': (g) => (g.name === 'default' ? g.project_id : ''),
  },
  security_group_rule: {
    'security_group_rule.project_id': (r) => r.project_id,
    'security_group_rule.security_group_id': (r) => r.security_group_id,
    'security_group_rule.remote_group_id': (r) => r.remote_group_id ?? '',
  },
} as const satisfies IndexTable;

/** The names of a kind's indexes. */
export type IndexNameOf<K extends ResourceKind> = keyof (typeof INDEXES)[K] & string;

/** The name of any index, `kind.attribute`. */
export type IndexName = { [K in ResourceKind]: IndexNameOf<K> }[ResourceKind];

/** The kind of resource that an index finds. */
export type IndexKind<I extends IndexName> = { [K in ResourceKind]: I extends IndexNameOf<K> ? K : never }[ResourceKind];

import type { IndexTable } from '../indexes.js';
import type { AddressingResources } from './addressing-declarations.js';

/** What the kinds of this folder are found by. */
export const ADDRESSING_INDEXES = {
  subnetpool: {
    'subnetpool.project_id': (r) => r.project_id,
    'subnetpool.address_scope_id': (r) => r.address_scope_id ?? '',
    /** The default pool of a family: `4` or `6`. */
    'subnetpool.default_of': (r) => (r.is_default ? String(r.ip_version) : ''),
  },
  address_scope: {
    'address_scope.project_id': (r) => r.project_id,
  },
  address_group: {
    'address_group.project_id': (r) => r.project_id,
  },
  segment: {
    'segment.project_id': (r) => r.project_id,
    'segment.network_id': (r) => r.network_id,
  },
  auto_allocated_topology: {
    'auto_allocated_topology.project_id': (r) => r.project_id,
    'auto_allocated_topology.network_id': (r) => r.network_id,
    'auto_allocated_topology.router_id': (r) => r.router_id ?? '',
  },
} as const satisfies Pick<IndexTable, keyof AddressingResources>;

import type { IndexTable } from '../indexes.js';
import type { RoutingResources } from './routing-declarations.js';

/** What the kinds of this folder are found by. */
export const ROUTING_INDEXES = {
  router: {
    'router.project_id': (r) => r.project_id,
    'router.gateway_network_id': (r) => r.gateway?.network_id ?? '',
  },
  floatingip: {
    'floatingip.project_id': (r) => r.project_id,
    'floatingip.port_id': (r) => r.port_id ?? '',
    'floatingip.router_id': (r) => r.router_id ?? '',
    'floatingip.floating_network_id': (r) => r.floating_network_id,
    'floatingip.floating_ip_address': (r) => r.floating_ip_address,
    'floatingip.qos_policy_id': (r) => r.qos_policy_id ?? '',
  },
  port_forwarding: {
    'port_forwarding.project_id': (r) => r.project_id,
    'port_forwarding.floatingip_id': (r) => r.floatingip_id,
    'port_forwarding.internal_port_id': (r) => r.internal_port_id,
  },
} as const satisfies Pick<IndexTable, keyof RoutingResources>;

import type { IndexTable } from '../indexes.js';
import type { OperationsResources } from './operations-declarations.js';

/** What the kinds of this folder are found by. */
export const OPERATIONS_INDEXES = {
  agent: {
    'agent.project_id': (r) => r.project_id,
    'agent.host': (r) => r.host,
  },
  log: {
    'log.project_id': (r) => r.project_id,
    'log.resource_id': (r) => r.resource_id ?? '',
    'log.target_id': (r) => r.target_id ?? '',
  },
  bgp_speaker: {
    'bgp_speaker.project_id': (r) => r.project_id,
    'bgp_speaker.peer': (r) => r.peers,
    'bgp_speaker.network': (r) => r.networks,
    'bgp_speaker.agent': (r) => r.hosting?.agents ?? [],
  },
  bgp_peer: {
    'bgp_peer.project_id': (r) => r.project_id,
  },
  port_binding: {
    'port_binding.project_id': (r) => r.project_id,
    'port_binding.port_id': (r) => r.port_id,
    'port_binding.host': (r) => r.host,
  },
} as const satisfies Pick<IndexTable, keyof OperationsResources>;

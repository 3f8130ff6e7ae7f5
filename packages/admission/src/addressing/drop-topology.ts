import type { Work } from '../work.js';

/** Forgets the topology of a network that is deleted. */
export function dropTopology(work: Work, networkId: string): void {
  for (const { id } of work.state.by('auto_allocated_topology.network_id', networkId)) work.delete('auto_allocated_topology', id);
}

/** Leaves the topology of a router that is deleted without one. */
export function dropTopologyRouter(work: Work, routerId: string): void {
  for (const topology of work.state.by('auto_allocated_topology.router_id', routerId)) {
    work.update('auto_allocated_topology', topology, { router_id: null });
  }
}

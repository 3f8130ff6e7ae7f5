import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { idAttribute, ownerAttributes } from '../standard-attributes.js';

/** The network, subnets and router that were made for a project when it asked for a ready-made topology; its id is the project's. */
export type AutoAllocatedTopology = StandardAttributes & {
  readonly network_id: string;
  /** Null when the router was deleted since. */
  readonly router_id: string | null;
};

/** Topologies, declared. Extension: `auto-allocated-topology`. Looking at one makes it, so that its URLs are of no other resource's form. */
export const autoAllocatedTopologyDeclaration: Declaration<'auto_allocated_topology'> = {
  kind: 'auto_allocated_topology',
  collection: 'auto_allocated_topologies',
  path: 'auto-allocated-topology',
  notFound: 'HTTPNotFound',
  offers: [],
  attributes: { ...idAttribute, ...ownerAttributes },
  computed: { id: (topology) => topology.network_id },
  filters: {},
  indexed: {},
};

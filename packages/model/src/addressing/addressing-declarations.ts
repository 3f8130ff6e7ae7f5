import type { Declaration } from '../declaration.js';
import { type AddressGroup, addressGroupDeclaration } from './address-group.js';
import { type AddressScope, addressScopeDeclaration } from './address-scope.js';
import { type AutoAllocatedTopology, autoAllocatedTopologyDeclaration } from './auto-allocated-topology.js';
import { type Segment, segmentDeclaration } from './segment.js';
import { type SubnetPool, subnetPoolDeclaration } from './subnet-pool.js';

/** The kinds of this folder. */
export type AddressingResources = {
  subnetpool: SubnetPool;
  address_scope: AddressScope;
  address_group: AddressGroup;
  segment: Segment;
  auto_allocated_topology: AutoAllocatedTopology;
};

/** Their declarations, by kind. */
export const ADDRESSING_DECLARATIONS: { readonly [K in keyof AddressingResources]: Declaration<K> } = {
  subnetpool: subnetPoolDeclaration,
  address_scope: addressScopeDeclaration,
  address_group: addressGroupDeclaration,
  segment: segmentDeclaration,
  auto_allocated_topology: autoAllocatedTopologyDeclaration,
};

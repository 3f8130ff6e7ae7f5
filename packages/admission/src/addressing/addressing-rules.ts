import { type Problem, problem } from '@manx/model';
import type { ActionRules, KindRules } from '../rules.js';
import { addAddresses, createAddressGroup, deleteAddressGroup, removeAddresses, updateAddressGroup } from './address-group.js';
import { createAddressScope, deleteAddressScope, updateAddressScope } from './address-scope.js';
import { addPrefixes, onboardSubnets, removePrefixes } from './pool-actions.js';
import { createSegment, deleteSegment, updateSegment } from './segment.js';
import { createSubnetPool, deleteSubnetPool, updateSubnetPool } from './subnet-pool.js';

/** What no URL offers. */
const notOffered = (): Problem => problem('HTTPNotFound', {});

/** What may happen to the kinds of this folder. Ready-made topologies have commands of their own. */
export const ADDRESSING_RULES = {
  subnetpool: { create: createSubnetPool, update: updateSubnetPool, remove: deleteSubnetPool },
  address_scope: { create: createAddressScope, update: updateAddressScope, remove: deleteAddressScope },
  address_group: { create: createAddressGroup, update: updateAddressGroup, remove: deleteAddressGroup },
  segment: { create: createSegment, update: updateSegment, remove: deleteSegment },
  auto_allocated_topology: { create: notOffered, update: notOffered, remove: notOffered },
} as const satisfies { readonly [kind: string]: KindRules };

/** What each of this folder's actions does, by name. */
export const ADDRESSING_ACTION_RULES: ActionRules = {
  add_prefixes: addPrefixes,
  remove_prefixes: removePrefixes,
  onboard_network_subnets: onboardSubnets,
  add_addresses: addAddresses,
  remove_addresses: removeAddresses,
};

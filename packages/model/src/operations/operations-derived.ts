import type { Derived } from '../derived.js';
import { agents, availabilityZones } from './agents.js';
import { flavors, serviceProfiles } from './flavors.js';
import { loggableResources } from './log.js';
import { serviceProviders } from './service-providers.js';

/** What of this folder is derived, not stored. */
export const OPERATIONS_DERIVED: readonly Derived[] = [
  agents,
  availabilityZones,
  flavors,
  loggableResources,
  serviceProfiles,
  serviceProviders,
];

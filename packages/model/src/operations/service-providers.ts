import type { Derived } from '../derived.js';

/** Who provides what: routers by every host, and nothing to choose from. Extension: `service-type`. */
export const serviceProviders: Derived = {
  name: 'service_provider',
  singular: 'service_provider',
  collection: 'service_providers',
  path: 'service-providers',
  doc: 'The providers of services: routers are provided by every host.',
  key: null,
  attributes: {
    service_type: { type: 'string' },
    name: { type: 'string' },
    default: { type: 'boolean' },
  },
  notFound: 'Service provider {id} could not be found.',
  rows: () => [{ service_type: 'L3_ROUTER_NAT', name: 'manx', default: true }],
};

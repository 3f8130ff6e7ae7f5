import type { Derived } from '../derived.js';

/** There is one way to be a router, so that there is nothing to choose from: the lists that clients ask for are empty. */
export const flavors: Derived = {
  name: 'flavor',
  singular: 'flavor',
  collection: 'flavors',
  path: 'flavors',
  doc: 'Flavors of services: none, every router is the same.',
  key: 'id',
  attributes: {
    id: { type: 'string', format: 'uuid' },
    name: { type: 'string' },
    description: { type: 'string' },
    service_type: { type: 'string' },
    service_profiles: { type: 'array', items: { type: 'string' } },
    enabled: { type: 'boolean' },
  },
  notFound: 'Flavor {id} could not be found.',
  notFoundCode: 'FlavorNotFound',
  rows: () => [],
};

/** What flavors would be made of. */
export const serviceProfiles: Derived = {
  name: 'service_profile',
  singular: 'service_profile',
  collection: 'service_profiles',
  path: 'service_profiles',
  doc: 'Profiles of flavors: none.',
  key: 'id',
  attributes: {
    id: { type: 'string', format: 'uuid' },
    description: { type: 'string' },
    driver: { type: 'string' },
    metainfo: { type: 'string' },
    enabled: { type: 'boolean' },
  },
  notFound: 'Service Profile {id} could not be found.',
  notFoundCode: 'ServiceProfileNotFound',
  rows: () => [],
};

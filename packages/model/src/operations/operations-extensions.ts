import type { Extension } from '../extensions.js';

/** The extensions of this folder. */
export const OPERATIONS_EXTENSIONS: readonly Extension[] = [
  { alias: 'agent', name: 'agent', description: 'The agents of hosts', updated: '2013-02-03T10:00:00-00:00' },
  { alias: 'agent_sort_key', name: 'Agents Sort Key', description: 'Agents in order', updated: '2013-02-03T10:00:00-00:00' },
  { alias: 'availability_zone', name: 'Availability Zone', description: 'Availability zones', updated: '2015-01-01T10:00:00-00:00' },
  {
    alias: 'availability_zone_filter',
    name: 'Availability Zone Filter Extension',
    description: 'Filters of availability zones',
    updated: '2018-06-22T10:00:00-00:00',
  },
  {
    alias: 'bgp',
    name: 'Neutron BGP Dynamic Routing Extension',
    description: 'BGP speakers and peers',
    updated: '2016-05-10T15:37:00-00:00',
  },
  { alias: 'bgp_4byte_asn', name: 'BGP 4-byte AS numbers', description: 'AS numbers of 4 bytes', updated: '2017-09-07T00:00:00-00:00' },
  {
    alias: 'bgp_dragent_scheduler',
    name: 'BGP Dynamic Routing Agent Scheduler',
    description: 'Which hosts speak for a BGP speaker',
    updated: '2015-07-30T10:00:00-00:00',
  },
  {
    alias: 'connectivity',
    name: 'Connectivity',
    description: 'Says who reaches whom, why, and what would change it',
    updated: '2026-11-28T00:00:00-00:00',
  },
  {
    alias: 'service-type',
    name: 'Neutron Service Type Management',
    description: 'The providers of services',
    updated: '2013-01-20T00:00:00-00:00',
  },
  {
    alias: 'logging',
    name: 'Logging API Extension',
    description: 'Logs of accepted and dropped packets',
    updated: '2017-01-01T10:00:00-00:00',
  },
];

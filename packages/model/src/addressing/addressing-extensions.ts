import type { Extension } from '../extensions.js';

/** The extensions of this folder that work. */
export const ADDRESSING_EXTENSIONS: readonly Extension[] = [
  {
    alias: 'address-group',
    name: 'Address group',
    description: 'Prefixes under one name, for security group rules',
    updated: '2020-07-15T10:00:00-00:00',
  },
  {
    alias: 'address-scope',
    name: 'Address scope',
    description: 'Labels on subnet pools; all addresses lie in one space',
    updated: '2015-07-26T10:00:00-00:00',
  },
  {
    alias: 'auto-allocated-topology',
    name: 'Auto Allocated Topology Services',
    description: 'A network with a way outside, made when it is asked for',
    updated: '2016-01-01T00:00:00-00:00',
  },
  {
    alias: 'default-subnetpools',
    name: 'Default Subnetpools',
    description: 'Subnets of the default pool of their family',
    updated: '2016-02-18T18:00:00-00:00',
  },
  {
    alias: 'network-ip-availability',
    name: 'Network IP Availability',
    description: 'How many addresses of each network and subnet are used',
    updated: '2015-09-24T00:00:00-00:00',
  },
  {
    alias: 'segment',
    name: 'Segment',
    description: 'Parts of networks; every host reaches each',
    updated: '2016-02-24T17:00:00-00:00',
  },
  {
    alias: 'standard-attr-segment',
    name: 'Standard Attribute Segment Extension',
    description: 'Standard attributes of segments',
    updated: '2018-04-09T10:00:00-00:00',
  },
  {
    alias: 'subnet-segmentid-enforce',
    name: 'Subnet SegmentID (policy enforced)',
    description: 'The segment of a subnet is for administrators',
    updated: '2018-09-04T00:00:00-00:00',
  },
  {
    alias: 'subnet-segmentid-writable',
    name: 'Subnet SegmentID (writable)',
    description: 'The segment of a subnet can be set later',
    updated: '2018-03-12T00:00:00-00:00',
  },
  { alias: 'subnet_allocation', name: 'Subnet Allocation', description: 'Subnets cut from pools', updated: '2015-03-30T10:00:00-00:00' },
  { alias: 'subnet_onboard', name: 'Subnet Onboard', description: 'Subnets taken into pools', updated: '2018-12-18T09:00:00-00:00' },
  {
    alias: 'subnetpool-prefix-ops',
    name: 'Subnet Pool Prefix Operations',
    description: 'Prefixes added to pools and taken from them',
    updated: '2019-02-08T10:00:00-00:00',
  },
];

import type { Extension } from './extensions.js';

/** The extensions that networks, subnets, ports and security groups bring. */
export const CORE_EXTENSIONS: readonly Extension[] = [
  {
    alias: 'provider',
    name: 'Provider Network',
    description: 'Provider attributes of networks: flat and local',
    updated: '2012-09-07T10:00:00-00:00',
  },
  {
    alias: 'external-net',
    name: 'Neutron external network',
    description: 'Networks that routers and floating IPs get to the outside by',
    updated: '2013-01-14T10:00:00-00:00',
  },
  {
    alias: 'network_availability_zone',
    name: 'Network Availability Zone',
    description: 'The zones that networks are served in',
    updated: '2015-01-01T10:00:00-00:00',
  },
  {
    alias: 'port-security',
    name: 'Port Security',
    description: 'Source checks and security groups of a port can be lifted',
    updated: '2012-07-23T10:00:00-00:00',
  },
  {
    alias: 'allowed-address-pairs',
    name: 'Allowed Address Pairs',
    description: 'Addresses and prefixes that a port may have beside its own',
    updated: '2013-07-23T10:00:00-00:00',
  },
  {
    alias: 'aap-reject-multicast',
    name: 'Allowed address pairs reject multicast extension',
    description: 'No multicast addresses in address pairs',
    updated: '2026-04-01T00:00:00-00:00',
  },
  {
    alias: 'extra_dhcp_opt',
    name: 'Neutron Extra DHCP options',
    description: 'DHCP options of a port',
    updated: '2013-03-17T12:00:00-00:00',
  },
  {
    alias: 'subnet-service-types',
    name: 'Subnet service types',
    description: 'Subnets for ports of some device owners',
    updated: '2016-03-15T18:00:00-00:00',
  },
  {
    alias: 'subnet-external-network',
    name: 'Subnet belongs to an external network',
    description: 'Whether the network of a subnet is external',
    updated: '2024-02-05T18:00:00-00:00',
  },
  {
    alias: 'port-numa-affinity-policy',
    name: 'Port NUMA affinity policy',
    description: 'What Nova is to do about NUMA for a port',
    updated: '2020-07-08T10:00:00-00:00',
  },
  {
    alias: 'port-numa-affinity-policy-socket',
    name: 'Port NUMA affinity policy "socket"',
    description: 'The policy `socket`',
    updated: '2024-02-09T10:00:00-00:00',
  },
  {
    alias: 'port-resource-request',
    name: 'Port Resource Request',
    description: 'What Nova asks Placement for',
    updated: '2018-05-08T10:00:00-00:00',
  },
  {
    alias: 'port-resource-request-groups',
    name: 'Port Resource Request Groups',
    description: 'The same, in groups',
    updated: '2021-08-02T10:00:00-00:00',
  },
  {
    alias: 'qos-port-network-policy',
    name: 'QoS port network policy ID',
    description: "The QoS policy of a port's network",
    updated: '2019-11-01T10:00:00-00:00',
  },
  {
    alias: 'ip_allocation',
    name: 'IP Allocation',
    description: 'When a port gets its addresses',
    updated: '2016-06-10T23:00:00-00:00',
  },
  {
    alias: 'port-mac-address-regenerate',
    name: 'Neutron Port MAC address regenerate',
    description: 'A new MAC address for null',
    updated: '2018-05-03T10:00:00-00:00',
  },
  {
    alias: 'port-security-groups-filtering',
    name: 'Port filtering on security groups',
    description: 'Ports by their security groups',
    updated: '2018-01-09T09:00:00-00:00',
  },
  {
    alias: 'binding-extended',
    name: 'Port Bindings Extended',
    description: 'Several bindings of a port',
    updated: '2017-07-17T10:00:00-00:00',
  },
  {
    alias: 'tag-ports-during-bulk-creation',
    name: 'Tag Ports During Bulk Creation',
    description: 'Tags of ports when they are made',
    updated: '2019-12-29T19:00:00-00:00',
  },
  {
    alias: 'stateful-security-group',
    name: 'Stateful security group',
    description: 'Groups without connection tracking',
    updated: '2019-11-26T09:00:00-00:00',
  },
  {
    alias: 'security-groups-remote-address-group',
    name: 'Remote address group id field for security group rules',
    description: 'Rules about address groups',
    updated: '2020-08-25T10:00:00-00:00',
  },
  {
    alias: 'security-groups-shared-filtering',
    name: 'Security group filtering on the shared field',
    description: 'Shared security groups',
    updated: '2021-10-05T09:00:00-00:00',
  },
  {
    alias: 'security-groups-rules-belongs-to-default-sg',
    name: "Security group rule belongs to the project's default security group",
    description: 'Whether a rule is of a default group',
    updated: '2023-05-23T10:00:00-00:00',
  },
];

import { ACCESS_ERRORS } from './access/access-errors.js';
import { ADDRESSING_ERRORS } from './addressing/addressing-errors.js';
import { OPERATIONS_ERRORS } from './operations/operations-errors.js';
import { QOS_ERRORS } from './qos/qos-errors.js';
import { ROUTING_ERRORS } from './routing/routing-errors.js';

/** One thing that the API can refuse: the status, the message with its `{parameters}`, and the type where it is not the code. */
export type ErrorEntry = { readonly status: number; readonly message: string; readonly type?: string };

/**
 * Everything the API can refuse, in one table: the HTTP status, and the message with its `{parameters}`.
 * The code is Neutron's exception name and goes out as the error's `type`; clients branch on both (neutron-lib `exceptions`,
 * neutron `extensions/securitygroup.py`). Entries whose code does not exist in Neutron carry a `type` that does.
 */
export const ERROR_TABLE = {
  ...ACCESS_ERRORS,
  ...ADDRESSING_ERRORS,
  ...OPERATIONS_ERRORS,
  ...QOS_ERRORS,
  ...ROUTING_ERRORS,

  // Bodies and queries.
  HTTPBadRequest: { status: 400, message: '{reason}' },
  HTTPNotFound: { status: 404, message: 'The resource could not be found.' },
  BadRequest: { status: 400, message: 'Bad {resource} request: {msg}.' },
  InvalidInput: { status: 400, message: 'Invalid input for operation: {error_message}.' },
  InvalidCIDR: { status: 400, message: 'Invalid CIDR {input} given as IP prefix.' },
  TenantIdProjectIdFilterConflict: { status: 400, message: 'Both tenant_id and project_id passed as filters.' },
  // Who may.
  PolicyNotAuthorized: { status: 403, message: '{rule} is disallowed by policy' },
  RevisionNumberConstraintFailed: { status: 412, message: 'Constrained to {expected}, but current revision is {current}' },
  OverQuota: { status: 409, message: 'Quota exceeded for resources: {overs}.' },
  // Not there, or not for this actor to see.
  NetworkNotFound: { status: 404, message: 'Network {id} could not be found.' },
  SubnetNotFound: { status: 404, message: 'Subnet {id} could not be found.' },
  PortNotFound: { status: 404, message: 'Port {id} could not be found.' },
  SecurityGroupNotFound: { status: 404, message: 'Security group {id} does not exist' },
  SecurityGroupRuleNotFound: { status: 404, message: 'Security group rule {id} does not exist' },
  SubnetPoolNotFound: { status: 404, message: 'Subnet pool {id} could not be found.' },
  // Networks and subnets.
  NetworkInUse: { status: 409, message: 'Unable to complete operation on network {id}. {reason}.' },
  InvalidSharedSetting: {
    status: 409,
    message: 'Unable to reconfigure sharing settings for network {id}. Multiple projects are using it.',
  },
  DefaultExternalNetworkExists: { status: 409, message: 'A default external network already exists: {net_id}.' },
  FlatNetworkInUse: { status: 409, message: 'Unable to create the flat network. Physical network {physical_network} is in use.' },
  AvailabilityZoneNotFound: { status: 404, message: 'AvailabilityZone {availability_zone} could not be found.' },
  InvalidSubnetServiceType: { status: 400, message: 'Subnet service type {service_type} does not correspond to a valid device owner.' },
  InvalidInputSubnetServiceType: { status: 400, message: 'Subnet service type {service_type} is not a string.' },
  SubnetInUse: { status: 409, message: 'Unable to complete operation on subnet {id}: {reason}.' },
  OverlappingSubnet: { status: 409, message: 'Invalid input for operation: {reason}.', type: 'InvalidInput' },
  NetworkMTUSubnetConflict: { status: 409, message: 'MTU of {id} is not valid, subnet requires a minimum of {mtu}' },
  InvalidAllocationPool: { status: 400, message: 'The allocation pool {pool} is not valid.' },
  OverlappingAllocationPools: {
    status: 409,
    message: 'Found overlapping allocation pools: {pool_1} {pool_2} for subnet {cidr}.',
  },
  OutOfBoundsAllocationPool: { status: 400, message: 'The allocation pool {pool} spans beyond the subnet cidr {cidr}.' },
  GatewayConflictWithAllocationPools: { status: 409, message: 'Gateway ip {ip_address} conflicts with allocation pool {pool}.' },
  GatewayIpInUse: {
    status: 409,
    message: 'Current gateway ip {ip_address} already in use by port {port_id}. Unable to update.',
  },
  DNSNameServersExhausted: {
    status: 400,
    message: 'Unable to complete operation for {subnet}. The number of DNS nameservers exceeds the limit {quota}.',
  },
  HostRoutesExhausted: {
    status: 400,
    message: 'Unable to complete operation for {subnet}. The number of host routes exceeds the limit {quota}.',
  },
  // Ports and their addresses.
  IpAddressInUse: {
    status: 409,
    message: 'Unable to complete operation for network {net_id}. The IP address {ip_address} is in use.',
  },
  IpAddressGenerationFailure: { status: 409, message: 'No more IP addresses available on network {net_id}.' },
  InvalidIpForNetwork: {
    status: 400,
    message: 'IP address {ip_address} is not a valid IP for any of the subnets on the specified network.',
  },
  InvalidIpForSubnet: { status: 400, message: 'IP address {ip_address} is not a valid IP for the specified subnet.' },
  MacAddressInUse: {
    status: 409,
    message: 'Unable to complete operation for network {net_id}. The mac address {mac} is in use.',
  },
  NetworkMacAddressGenerationFailure: { status: 503, message: 'Unable to generate unique mac on network {net_id}.' },
  PortBoundNUMAAffinityPolicy: {
    status: 409,
    message:
      'Unable to complete operation on port {id}, port is already bound to host {host_id}, numa_affinity_policy value given {numa_affinity_policy}.',
  },
  DeviceIDNotOwnedByTenant: {
    status: 409,
    message: 'The following device_id {device_id} is not owned by your project or matches another project router.',
  },
  UnsupportedPortDeviceOwner: {
    status: 409,
    message: 'Operation {op} is not supported for device_owner {device_owner} on port {id}.',
  },
  IpAddressGenerationFailureNoMatchingSubnet: {
    status: 409,
    message: 'No valid service subnet for the given device owner, network {net_id}, service type {service_type}.',
  },
  // Port security and address pairs.
  PortSecurityPortHasSecurityGroup: {
    status: 409,
    message: 'Port has security group associated. Cannot disable port security or IP address until security group is removed.',
  },
  PortSecurityAndIPRequiredForSecurityGroups: {
    status: 400,
    message: 'Port security must be enabled and port must have an IP address in order to use security groups.',
  },
  AddressPairAndPortSecurityRequired: {
    status: 409,
    message: 'Port Security must be enabled in order to have allowed address pairs on a port.',
  },
  AllowedAddressPairsMissingIP: { status: 400, message: 'AllowedAddressPair must contain ip_address' },
  DuplicateAddressPairInRequest: {
    status: 400,
    message: 'Request contains duplicate address pair: mac_address {mac_address} ip_address {ip_address}.',
  },
  AllowedAddressPairExhausted: { status: 400, message: 'The number of allowed address pair exceeds the maximum {quota}.' },
  PortBound: {
    status: 409,
    message:
      'Unable to complete operation on port {id}, port is already bound, port type: {vif_type}, old_mac {old_mac}, new_mac {new_mac}.',
  },
  // Security groups and rules.
  SecurityGroupConflict: { status: 409, message: 'Error {reason} while attempting the operation.' },
  SecurityGroupInUse: { status: 409, message: 'Security Group {id} in use.' },
  SecurityGroupCannotRemoveDefault: { status: 409, message: 'Insufficient rights for removing default security group.' },
  SecurityGroupCannotUpdateDefault: { status: 409, message: 'Updating default security group not allowed.' },
  SecurityGroupDefaultAlreadyExists: { status: 409, message: 'Default security group already exists.' },
  SecurityGroupRuleExists: { status: 409, message: 'Security group rule already exists. Rule id is {rule_id}.' },
  DuplicateSecurityGroupRuleInPost: { status: 409, message: 'Duplicate Security Group Rule in POST.' },
  SecurityGroupNotSingleGroupRules: { status: 400, message: 'Only allowed to update rules for one security profile at a time' },
  SecurityGroupRulesNotSingleProject: {
    status: 400,
    message: 'Multiple project_ids in bulk security group rule create not allowed',
  },
  SecurityGroupInvalidPortRange: { status: 400, message: 'For TCP/UDP protocols, port_range_min must be <= port_range_max' },
  SecurityGroupInvalidPortValue: { status: 400, message: 'Invalid value for port {port}' },
  SecurityGroupInvalidProtocolForPort: {
    status: 400,
    message: 'Ports cannot be specified for protocol {protocol}. Ports are only supported for {valid_port_protocols}.',
  },
  SecurityGroupProtocolRequiredWithPorts: { status: 400, message: 'Must also specify protocol if port range is given.' },
  SecurityGroupInvalidIcmpValue: {
    status: 400,
    message: 'Invalid value for ICMP {field} ({attr}) {value}. It must be 0 to 255.',
  },
  SecurityGroupMissingIcmpType: {
    status: 400,
    message: 'ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing.',
  },
  SecurityGroupEthertypeConflictWithProtocol: { status: 400, message: 'Invalid ethertype {ethertype} for protocol {protocol}.' },
  SecurityGroupRuleInvalidProtocol: {
    status: 400,
    message:
      'Security group rule protocol {protocol} not supported. Only protocol values {values} and integer representations [0 to 255] are supported.',
  },
  SecurityGroupRuleInvalidEtherType: {
    status: 400,
    message: "Security group rule for ethertype '{ethertype}' not supported. Allowed values are {values}.",
  },
  SecurityGroupRuleParameterConflict: { status: 400, message: 'Conflicting value ethertype {ethertype} for CIDR {cidr}' },
  SecurityGroupMultipleRemoteEntites: {
    status: 400,
    message: 'Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.',
  },
} as const satisfies { readonly [code: string]: ErrorEntry };

/** The code of a problem: a key of `ERROR_TABLE`. */
export type ErrorCode = keyof typeof ERROR_TABLE;

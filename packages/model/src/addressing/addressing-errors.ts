import type { ErrorEntry } from '../error-table.js';

/** What the kinds of this folder can refuse; see `ERROR_TABLE`. */
export const ADDRESSING_ERRORS = {
  HostNotConnectedToAnySegment: {
    status: 409,
    message: "Host {host} is not connected to any segments on routed provider network '{network_id}'.  It should be connected to one.",
  },
  HostNotCompatibleWithFixedIps: {
    status: 409,
    message:
      'Host {host} is not connected to a segment where the existing fixed_ips on port {port_id} will function given the routed network topology.',
  },
  FixedIpsSubnetsNotOnSameSegment: { status: 400, message: 'Cannot allocate addresses from different segments.' },
  AddressScopeNotFound: { status: 404, message: 'Address scope {id} could not be found.' },
  AddressGroupNotFound: { status: 404, message: 'Address group {id} could not be found.' },
  AddressScopeInUse: {
    status: 409,
    message: 'Unable to complete operation on address scope {id}. There are one or more subnet pools in use on the address scope.',
  },
  AddressScopeUpdateError: { status: 400, message: 'Unable to update address scope {id} : {reason}.' },
  AddressScopePrefixConflict: {
    status: 409,
    message: 'Failed to associate address scope: subnetpools within an address scope must have unique prefixes.',
  },
  NetworkAddressScopeAffinityError: {
    status: 400,
    message: 'Subnets of the same address family hosted on the same network must all participate in the same address scope.',
  },
  IllegalSubnetPoolAssociationToAddressScope: {
    status: 400,
    message: 'Illegal subnetpool association: subnetpool {subnetpool_id} cannot be associated with address scope {address_scope_id}.',
  },
  IllegalSubnetPoolIpVersionAssociationToAddressScope: {
    status: 400,
    message:
      'Illegal subnetpool association: subnetpool {subnetpool_id} cannot associate with address scope {address_scope_id} because subnetpool ip_version is not {ip_version}.',
  },
  EmptySubnetPoolPrefixList: { status: 400, message: 'Empty subnet pool prefix list.' },
  PrefixVersionMismatch: { status: 400, message: 'Cannot mix IPv4 and IPv6 prefixes in a subnet pool.' },
  UnsupportedMinSubnetPoolPrefix: { status: 400, message: "Prefix '{prefix}' not supported in IPv{version} pool." },
  IllegalSubnetPoolPrefixBounds: {
    status: 400,
    message: 'Illegal prefix bounds: {prefix_type}={prefixlen}, {base_prefix_type}={base_prefixlen}.',
  },
  IllegalSubnetPoolPrefixUpdate: { status: 400, message: 'Illegal update to prefixes: {msg}.' },
  IllegalSubnetPoolUpdate: { status: 400, message: 'Illegal subnetpool update : {reason}.' },
  SubnetPoolDeleteError: { status: 400, message: 'Unable to delete subnet pool: {reason}.' },
  SubnetPoolQuotaExceeded: { status: 409, message: 'Per-tenant subnet pool prefix quota exceeded.' },
  NetworkSubnetPoolAffinityError: {
    status: 400,
    message: 'Subnets hosted on the same network must be allocated from the same subnet pool.',
  },
  // Neutron has no status of its own for it and answers 500; the state is in the way, which is what 409 says.
  SubnetAllocationError: { status: 409, message: 'Failed to allocate subnet: {reason}.' },
  MinPrefixSubnetAllocationError: {
    status: 400,
    message: 'Unable to allocate subnet with prefix length {prefixlen}, minimum allowed prefix is {min_prefixlen}.',
  },
  MaxPrefixSubnetAllocationError: {
    status: 400,
    message: 'Unable to allocate subnet with prefix length {prefixlen}, maximum allowed prefix is {max_prefixlen}.',
  },
  AddressGroupInUse: { status: 409, message: 'Address group {id} is in use on one or more security group rules.' },
  AddressesNotFound: { status: 404, message: 'Addresses {addresses} not found in the address group {id}.' },
  AddressesAlreadyExist: { status: 400, message: 'Addresses {addresses} already exist in the address group {id}.' },
  SegmentInUse: { status: 409, message: "Segment '{id}' cannot be deleted: {reason}." },
  NoUpdateSubnetWhenMultipleSegmentsOnNetwork: {
    status: 400,
    message:
      "The network '{network_id}' has multiple segments, it is only possible to associate an existing subnet with a segment on networks with a single segment.",
  },
  SubnetsNotAllAssociatedWithSegments: {
    status: 400,
    message:
      "All of the subnets on network '{network_id}' must either all be associated with segments or all not associated with any segment.",
  },
  SubnetSegmentAssociationChangeNotAllowed: {
    status: 400,
    message: 'A subnet that is already associated with a segment cannot have its segment association changed.',
  },
  NetworkIdsDontMatch: {
    status: 400,
    message: "The subnet's network id, '{subnet_network}', doesn't match the network_id of segment '{segment_id}'",
  },
  AutoAllocationFailure: { status: 409, message: 'Deployment error: {reason}.' },
  SegmentNotFound: { status: 404, message: 'Segment {id} could not be found.' },
} as const satisfies { readonly [code: string]: ErrorEntry };

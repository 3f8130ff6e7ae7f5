import type { ErrorEntry } from '../error-table.js';

/** What the kinds of this folder can refuse; see `ERROR_TABLE`. */
export const OPERATIONS_ERRORS = {
  TraceInProgress: { status: 429, message: 'Another trace is under way: try again in a few seconds.' },
  AgentNotFound: { status: 404, message: 'Agent {id} could not be found.' },
  LogResourceNotFound: { status: 404, message: 'Log resource {id} could not be found.' },
  FlavorNotFound: { status: 404, message: 'Flavor {id} could not be found.' },
  ServiceProfileNotFound: { status: 404, message: 'Service Profile {id} could not be found.' },
  BgpSpeakerNotFound: { status: 404, message: 'BGP speaker {id} could not be found.' },
  BgpPeerNotFound: { status: 404, message: 'BGP peer {id} could not be found.' },
  BgpPeerNotAuthenticated: { status: 404, message: 'BGP peer {bgp_peer_id} not authenticated.' },
  BgpSpeakerPeerNotAssociated: {
    status: 404,
    message: 'BGP peer {bgp_peer_id} is not associated with BGP speaker {bgp_speaker_id}.',
  },
  BgpSpeakerNetworkNotAssociated: {
    status: 404,
    message: 'Network {network_id} is not associated with BGP speaker {bgp_speaker_id}.',
  },
  BgpSpeakerNetworkBindingError: { status: 409, message: 'Network {network_id} is already bound to BgpSpeaker {bgp_speaker_id}.' },
  DuplicateBgpPeerIpException: {
    status: 409,
    message:
      'BGP Speaker {bgp_speaker_id} is already configured to peer with a BGP Peer at {peer_ip}, it cannot peer with BGP Peer {bgp_peer_id}.',
  },
  InvalidBgpPeerMd5Authentication: { status: 400, message: 'A password must be supplied when using auth_type md5.' },
  BgpPeerOfOtherFamily: {
    status: 409,
    message:
      'BGP peer {bgp_peer_id} at {peer_ip} cannot be given to BGP speaker {bgp_speaker_id} of ip_version {ip_version}: a session carries the routes of the family of its own address. Create a peer with the address of that family.',
  },
  BgpPeerOfOtherSpeaker: {
    status: 409,
    message:
      'BGP speaker {bgp_speaker_id} cannot have a peer at {peer_ip}: hosts that speak for it have a session with that address for BGP speaker {other_id} already.',
  },
  BgpPeerInSubnet: {
    status: 409,
    message:
      'BGP peer at {peer_ip} is refused: the address belongs to subnet {subnet_id} ({cidr}), whose addresses are those of instances.',
  },
  SubnetOfBgpPeer: {
    status: 409,
    message: 'Subnet with cidr {cidr} is refused: the prefix holds the address of a router that hosts have a BGP session with.',
  },
  BgpSpeakerAnnouncesAll: {
    status: 409,
    message:
      'Network {network_id} cannot be given to BGP speaker {bgp_speaker_id}: without networks it announces to its peers all that its hosts have, and would withdraw everything else. Take its peers from it first, and give them back after.',
  },
  DrAgentInvalid: { status: 404, message: 'BgpDrAgent {id} is invalid or has been disabled.' },
  DrAgentNotHostingBgpSpeaker: { status: 404, message: 'BGP speaker {bgp_speaker_id} is not hosted by the BgpDrAgent {agent_id}.' },
  DrAgentAssociationError: { status: 409, message: 'BgpDrAgent {agent_id} is already associated to BGP speaker {bgp_speaker_id}.' },
  ResourceNotFound: { status: 404, message: 'Resource {resource_id} could not be found.' },
  TargetResourceNotFound: { status: 404, message: 'Target resource {target_id} could not be found.' },
  InvalidLogResourceType: { status: 400, message: 'Invalid log resource_type: {resource_type}.' },
  InvalidResourceConstraint: {
    status: 400,
    message: 'Invalid resource constraint between resource (security_group {resource_id}) and target resource (port {target_id}).',
  },
  PortBindingNotFound: { status: 404, message: 'Binding for port {port_id} for host {host} could not be found.' },
  PortBindingAlreadyActive: { status: 409, message: 'Binding for port {port_id} on host {host} is already active.' },
  PortBindingAlreadyExists: { status: 409, message: 'Binding for port {port_id} on host {host} already exists.' },
  // Neutron answers 500 here; the host is not there to be bound to, which is a conflict with the present state.
  PortBindingError: { status: 409, message: 'Binding for port {port_id} on host {host} could not be created or updated.' },
} as const satisfies { readonly [code: string]: ErrorEntry };

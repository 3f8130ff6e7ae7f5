import type { ErrorEntry } from '../error-table.js';

/** What the kinds of this folder can refuse; see `ERROR_TABLE`. (neutron-lib `exceptions/l3.py`, `extraroute.py`, `__init__.py`; neutron `services/portforwarding/common/exceptions.py`.) */
export const ROUTING_ERRORS = {
  // Routers.
  RouterNotFound: { status: 404, message: 'Router {id} could not be found' },
  RouterInUse: { status: 409, message: 'Router {router_id} {reason}' },
  FlavorNotFound: { status: 404, message: 'Flavor {flavor_id} could not be found.' },
  AvailabilityZoneNotFound: { status: 404, message: 'AvailabilityZone {availability_zone} could not be found.' },
  RouterExternalGatewayInUseByFloatingIp: {
    status: 409,
    message:
      'Gateway cannot be updated for router {router_id}, since a gateway to external network {net_id} is required by one or more floating IPs.',
  },
  InvalidRoutes: { status: 400, message: 'Invalid format for routes: {routes}, {reason}' },
  RoutesExhausted: {
    status: 400,
    message: 'Unable to complete operation for {router_id}. The number of routes exceeds the maximum {quota}.',
  },
  // Their interfaces.
  RouterInterfaceNotFound: { status: 404, message: 'Router {router_id} does not have an interface with id {port_id}' },
  RouterInterfaceNotFoundForSubnet: { status: 404, message: 'Router {router_id} has no interface on subnet {subnet_id}' },
  RouterInterfaceInUseByFloatingIP: {
    status: 409,
    message:
      'Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it is required by one or more floating IPs.',
  },
  RouterInterfaceInUseAsGatewayByFloatingIP: {
    status: 409,
    message:
      'Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it is required as a gateway by one or more floating IPs.',
  },
  RouterInterfaceInUseByRoute: {
    status: 409,
    message: 'Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, as it is required by one or more routes.',
  },
  PortInUse: {
    status: 409,
    message: 'Unable to complete operation on port {port_id} for network {net_id}. Port already has an attached device {device_id}.',
  },
  SubnetMismatchForPort: { status: 400, message: 'Subnet on port {port_id} does not match the requested subnet {subnet_id}.' },
  ServicePortInUse: { status: 409, message: 'Port {port_id} cannot be deleted directly via the port API: {reason}.' },
  // External networks and floating IPs.
  ExternalNetworkInUse: {
    status: 409,
    message: 'External network {net_id} cannot be updated to be made non-external, since it has existing gateway ports.',
  },
  ExternalIpAddressExhausted: { status: 400, message: 'Unable to find any IP address on external network {net_id}.' },
  FloatingIPNotFound: { status: 404, message: 'Floating IP {id} could not be found' },
  ExternalGatewayForFloatingIPNotFound: {
    status: 404,
    message:
      'External network {external_network_id} is not reachable from subnet {subnet_id}.  Therefore, cannot associate Port {port_id} with a Floating IP.',
  },
  FloatingIPPortAlreadyAssociated: {
    status: 409,
    message:
      'Cannot associate floating IP {floating_ip_address} ({fip_id}) with port {port_id} using fixed IP {fixed_ip}, as that fixed IP already has a floating IP on external network {net_id}.',
  },
  FipAssociated: {
    status: 409,
    message: 'Unable to complete the operation on port "{port_id}" because the port still has an associated floating IP.',
  },
  // Port forwardings.
  PortForwardingNotFound: { status: 404, message: 'Port Forwarding {id} could not be found.' },
  FipInUseByPortForwarding: { status: 409, message: 'Floating IP {id} in use by Port Forwarding resources.' },
  PortHasBindingFloatingIP: {
    status: 409,
    message:
      'Cannot create port forwarding to floating IP {floating_ip_address} ({fip_id}) with port {port_id} using fixed IP {fixed_ip}, as that port already has a binding floating IP.',
  },
} as const satisfies { readonly [code: string]: ErrorEntry };

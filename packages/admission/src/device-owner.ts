/** Whether a port belongs to the network itself (`network:router_interface` and such): only administrators and services make those. */
export function isAdminPort(deviceOwner: string): boolean {
  return deviceOwner.startsWith('network:');
}

/** Neutron's `AUTO_DELETE_PORT_OWNERS`. */
const SELF_REMOVING: ReadonlySet<string> = new Set(['network:dhcp', 'network:distributed', 'network:floatingip_agent_gateway']);

/** Whether a port goes with its network, and its addresses with their subnet, without being asked about. */
export function isSelfRemoving(deviceOwner: string): boolean {
  return SELF_REMOVING.has(deviceOwner);
}

/** Neutron's `ROUTER_INTERFACE_OWNERS`. */
const ROUTER_INTERFACES: ReadonlySet<string> = new Set([
  'network:router_interface',
  'network:ha_router_replicated_interface',
  'network:router_interface_distributed',
]);

/** Whether a port is a router's on a tenant network. */
export function isRouterInterface(deviceOwner: string): boolean {
  return ROUTER_INTERFACES.has(deviceOwner);
}

/** Whether a port is a router's, on either side. */
export function isRouterPort(deviceOwner: string): boolean {
  return isRouterInterface(deviceOwner) || deviceOwner === 'network:router_gateway' || deviceOwner === 'network:router_centralized_snat';
}

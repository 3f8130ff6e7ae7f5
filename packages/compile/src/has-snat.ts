import type { Port, StateReader, Subnet } from '@manx/model';

/** What a port that is no interface of a router has no part in. */
const ROUTER_INTERFACE = 'network:router_interface';

/**
 * Whether instances of a subnet have a way out by source NAT (S24): the router that is the subnet's gateway is up, has an external
 * gateway, and `enable_snat` there. Where no router is the subnet's gateway, any router on the subnet will do. IPv4 only, as in Neutron.
 */
export function hasSnat(subnet: Subnet, state: StateReader): boolean {
  if (subnet.ip_version !== 4) return false;
  const interfaces = state.by('port.interface_subnet_id', subnet.id);
  const gateway = interfaces.find(({ fixed_ips }) => fixed_ips.some(({ ip_address }) => ip_address === subnet.gateway_ip));
  return (gateway === undefined ? interfaces : [gateway]).some(({ device_id }) => isWayOut(device_id, state));
}

/** The subnets that a port makes its router be on; none for a port that is no router's interface. */
export function interfaceSubnets(port: Port | undefined): readonly string[] {
  return port !== undefined && isInterface(port) ? port.fixed_ips.map(({ subnet_id }) => subnet_id) : [];
}

/** Whether a port is the interface of a router on its network. */
export function isInterface(port: Port | undefined): boolean {
  return port?.device_owner === ROUTER_INTERFACE;
}

function isWayOut(id: string, state: StateReader): boolean {
  const router = state.get('router', id);
  return router?.admin_state_up === true && router.gateway?.enable_snat === true;
}

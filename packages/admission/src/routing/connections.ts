import { cidrsOverlap, type Ip } from '@manx/ip';
import { type FloatingIp, type Port, type Problem, problem, type Router, type StateReader, type Subnet } from '@manx/model';
import { ROUTER_INTERFACE } from './network-port.js';

/** The ports by which a router is on tenant networks, oldest first. */
export function interfacesOf(state: StateReader, router: string): Port[] {
  return state
    .by('port.device_id', router)
    .filter((port) => port.device_owner === ROUTER_INTERFACE)
    .sort((a, b) => (`${a.created_at} ${a.id}` < `${b.created_at} ${b.id}` ? -1 : 1));
}

/** The subnets of a port's addresses. */
export function subnetsOf(state: StateReader, port: Pick<Port, 'fixed_ips'>): Subnet[] {
  return port.fixed_ips.map(({ subnet_id }) => state.get('subnet', subnet_id)).filter((subnet) => subnet !== undefined);
}

/** The subnets that a router is on: those of its interfaces, and every one of its gateway's network. */
export function connectedSubnets(state: StateReader, router: Router): Subnet[] {
  const inner = interfacesOf(state, router.id).flatMap((port) => subnetsOf(state, port));
  return router.gateway === null ? inner : [...inner, ...state.by('subnet.network_id', router.gateway.network_id)];
}

/** Why a router cannot be on these subnets too: it is on one of them, or on one that overlaps (where the operator allows that). */
export function checkConnections(state: StateReader, router: Router, added: readonly Subnet[]): Problem | null {
  const refused = (msg: string): Problem => problem('BadRequest', { resource: 'router', msg });
  for (const present of connectedSubnets(state, router)) {
    for (const subnet of added) {
      if (subnet.id === present.id) return refused(`Router already has a port on subnet ${subnet.id}`);
      if (!cidrsOverlap(subnet.cidr, present.cidr)) continue;
      return refused(`Cidr ${subnet.cidr} of subnet ${subnet.id} overlaps with cidr ${present.cidr} of subnet ${present.id}`);
    }
  }
  return null;
}

/** What to connect: a port's subnet, and an external network. */
export type Connection = { readonly subnet: Subnet; readonly network_id: string };

/**
 * The router that connects a subnet with an external network: by its gateway, or by an interface (`router-interface-fip`). The one
 * that is the subnet's gateway comes first, then the oldest interface; null when there is none.
 */
export function routerBetween(state: StateReader, { subnet, network_id }: Connection): string | null {
  const interfaces = state
    .by('port.interface_subnet_id', subnet.id)
    .filter((port) => reaches(state, port.device_id, network_id))
    .sort((a, b) => (`${a.created_at} ${a.id}` < `${b.created_at} ${b.id}` ? -1 : 1));
  const first = interfaces.find((port) => port.fixed_ips.some(({ ip_address }) => ip_address === subnet.gateway_ip));
  return (first ?? interfaces[0])?.device_id ?? null;
}

function reaches(state: StateReader, router: string, network: string): boolean {
  if (state.get('router', router)?.gateway?.network_id === network) return true;
  return interfacesOf(state, router).some((port) => port.network_id === network);
}

/** The fixed IPs that a floating IP leads to, and the ports that hold them: its own, or those of its forwardings. */
export function leadsTo(state: StateReader, floatingIp: FloatingIp): { readonly port_id: string; readonly ip: Ip }[] {
  const { port_id, fixed_ip_address: ip } = floatingIp;
  if (port_id !== null && ip !== null) return [{ port_id, ip }];
  return state
    .by('port_forwarding.floatingip_id', floatingIp.id)
    .map((forwarding) => ({ port_id: forwarding.internal_port_id, ip: forwarding.internal_ip_address }));
}

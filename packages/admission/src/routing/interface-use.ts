import { cidrContains, type Ip } from '@manx/ip';
import { type FloatingIp, type Port, type Problem, problem, type Router, type StateReader, type Subnet } from '@manx/model';
import { leadsTo } from './connections.js';

/** Neither a floating IP, by where it leads or by where it is an address (`router-interface-fip`), nor a route may need the router to be on the subnet. */
export function checkUnused(state: StateReader, router: Router, subnet: Subnet): Problem | null {
  const floatingIps = state.by('floatingip.router_id', router.id);
  if (floatingIps.some((floatingIp) => leadsInto(state, floatingIp, subnet))) {
    return problem('RouterInterfaceInUseByFloatingIP', { subnet_id: subnet.id, router_id: router.id });
  }
  const isGateway = router.gateway?.network_id !== subnet.network_id;
  if (isGateway && floatingIps.some(({ floating_network_id }) => floating_network_id === subnet.network_id)) {
    return problem('RouterInterfaceInUseAsGatewayByFloatingIP', { subnet_id: subnet.id, router_id: router.id });
  }
  if (router.routes.some(({ nexthop }) => cidrContains(subnet.cidr, nexthop))) {
    return problem('RouterInterfaceInUseByRoute', { subnet_id: subnet.id, router_id: router.id });
  }
  return null;
}

/** Whether the floating IP leads to an address in the subnet. */
function leadsInto(state: StateReader, floatingIp: FloatingIp, subnet: Subnet): boolean {
  return leadsTo(state, floatingIp).some(({ port_id, ip }) => holdsIn(state.get('port', port_id), subnet, ip));
}

function holdsIn(port: Port | undefined, subnet: Subnet, ip: Ip): boolean {
  return port?.fixed_ips.some(({ subnet_id, ip_address }) => subnet_id === subnet.id && ip_address === ip) === true;
}

import { cidrContains, type Ip } from '@manx/ip';
import { type Port, type Problem, problem, type Router, type StateReader, type Subnet } from '@manx/model';
import { leadsTo } from './connections.js';

/** Neither a floating IP nor a route may need the router to be on the subnet. */
export function checkUnused(state: StateReader, router: Router, subnet: Subnet): Problem | null {
  if (isNeededByFloatingIp(state, router, subnet)) {
    return problem('RouterInterfaceInUseByFloatingIP', { subnet_id: subnet.id, router_id: router.id });
  }
  if (router.routes.some(({ nexthop }) => cidrContains(subnet.cidr, nexthop))) {
    return problem('RouterInterfaceInUseByRoute', { subnet_id: subnet.id, router_id: router.id });
  }
  return null;
}

/** Whether a floating IP of the router leads to an address in the subnet, or is an address of the subnet's network without a gateway there. */
function isNeededByFloatingIp(state: StateReader, router: Router, subnet: Subnet): boolean {
  return state
    .by('floatingip.router_id', router.id)
    .some(
      (floatingIp) =>
        leadsTo(state, floatingIp).some(({ port_id, ip }) => holdsIn(state.get('port', port_id), subnet, ip)) ||
        (floatingIp.floating_network_id === subnet.network_id && router.gateway?.network_id !== subnet.network_id),
    );
}

function holdsIn(port: Port | undefined, subnet: Subnet, ip: Ip): boolean {
  return port?.fixed_ips.some(({ subnet_id, ip_address }) => subnet_id === subnet.id && ip_address === ip) === true;
}

import type { Ip } from '@manx/ip';
import { type FixedIp, type FloatingIp, isProblem, isVisible, notFound, type Port, type Problem, problem } from '@manx/model';
import { mayUse } from '../authority.js';
import type { Work } from '../work.js';
import { routerBetween } from './connections.js';

/** What a floating IP stands for, and the router that lets it. */
export type Association = Pick<FloatingIp, 'port_id' | 'fixed_ip_address' | 'router_id'>;

/** A floating IP, as far as it is known when its association is decided. */
export type Associable = Pick<FloatingIp, 'project_id' | 'floating_network_id' | 'floating_ip_address'> & { readonly id: string };

/** A floating IP that stands for nothing. */
export const DISASSOCIATED: Association = { port_id: null, fixed_ip_address: null, router_id: null };

const refused = (msg: string): Problem => problem('BadRequest', { resource: 'floatingip', msg });

/**
 * What the floating IP is to stand for: an IPv4 address of the port, its only one unless told, that has no other floating IP of that
 * network, and that a router connects with it.
 */
export function associate(
  work: Work,
  floatingIp: Associable,
  wish: { readonly port_id: string; readonly ip: Ip | null },
): Association | Problem {
  const port = work.state.get('port', wish.port_id);
  if (port === undefined || !isVisible(work, 'port', port)) return notFound('port', wish.port_id);
  const fixedIp = checkPort(work, floatingIp, port) ?? chosenAddress(port, wish.ip);
  if (isProblem(fixedIp)) return fixedIp;
  const router = routerFor(work, { port, fixedIp, network_id: floatingIp.floating_network_id });
  if (isProblem(router)) return router;
  const { ip_address: ip } = fixedIp;
  const other = work.state
    .by('floatingip.port_id', port.id)
    .find(
      (candidate) =>
        candidate.id !== floatingIp.id &&
        candidate.fixed_ip_address === ip &&
        candidate.floating_network_id === floatingIp.floating_network_id,
    );
  if (other !== undefined) return alreadyAssociated(floatingIp, { port_id: port.id, ip });
  return { port_id: port.id, fixed_ip_address: ip, router_id: router };
}

/** That a fixed IP has a floating IP already. */
export function alreadyAssociated(floatingIp: Associable, { port_id, ip }: { readonly port_id: string; readonly ip: Ip }): Problem {
  return problem('FloatingIPPortAlreadyAssociated', {
    port_id,
    fip_id: floatingIp.id,
    floating_ip_address: floatingIp.floating_ip_address,
    fixed_ip: ip,
    net_id: floatingIp.floating_network_id,
  });
}

/** Whether a floating IP may stand for an address of this port at all. */
function checkPort(work: Work, floatingIp: Associable, port: Port): Problem | null {
  if (port.project_id !== floatingIp.project_id && !mayUse(work, 'set_floatingip:foreign_port', { kind: 'port', resource: port })) {
    return refused(`Cannot process floating IP association with Port ${port.id}, since that port is owned by a different project`);
  }
  return port.device_owner === 'network:dhcp' ? refused(`Port ${port.id} is unable to be assigned a floating IP`) : null;
}

function chosenAddress(port: Port, ip: Ip | null): FixedIp | Problem {
  if (ip?.includes(':') === true) return refused(`Cannot process floating IP association with ${ip}, since that is not an IPv4 address`);
  if (ip !== null) {
    return port.fixed_ips.find(({ ip_address }) => ip_address === ip) ?? refused(`Port ${port.id} does not have fixed ip ${ip}`);
  }
  const [only, ...others] = port.fixed_ips.filter(({ ip_address }) => !ip_address.includes(':'));
  if (only === undefined) return refused(`Cannot add floating IP to port ${port.id} that has no fixed IPv4 addresses`);
  if (others.length === 0) return only;
  return refused(`Port ${port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP`);
}

/** The router between an address of a port and an external network. */
export function routerFor(
  work: Work,
  { port, fixedIp, network_id }: { readonly port: Port; readonly fixedIp: FixedIp; readonly network_id: string },
): string | Problem {
  const subnet = work.state.get('subnet', fixedIp.subnet_id);
  const router = subnet === undefined ? null : routerBetween(work.state, { subnet, network_id });
  return (
    router ??
    problem('ExternalGatewayForFloatingIPNotFound', { external_network_id: network_id, subnet_id: fixedIp.subnet_id, port_id: port.id })
  );
}

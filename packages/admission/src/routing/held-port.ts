import { type FixedIp, type Port, type Problem, problem, type StateReader } from '@manx/model';
import { mayUse } from '../authority.js';
import type { Work } from '../work.js';
import { subnetsOf } from './connections.js';
import { checkUnused } from './interface-use.js';
import { FLOATING_IP, ROUTER_GATEWAY, ROUTER_INTERFACE } from './network-port.js';

/**
 * Why a port cannot be deleted as a port: a router or a floating IP holds it, and only that lets go of it; or a floating IP of another
 * project stands for it.
 */
export function refuseDeletion(work: Work, port: Port): Problem | null {
  if (port.fixed_ips.length > 0 && isHeld(work.state, port)) {
    return problem('ServicePortInUse', { port_id: port.id, reason: `has device owner ${port.device_owner}` });
  }
  const foreign = work.state.by('floatingip.port_id', port.id).filter(({ project_id }) => project_id !== work.actor.project_id);
  const isKept = foreign.some((resource) => !mayUse(work, 'delete_port:foreign_floatingip', { kind: 'floatingip', resource }));
  return isKept ? problem('FipAssociated', { port_id: port.id }) : null;
}

function isHeld(state: StateReader, { device_owner: owner, device_id: id }: Port): boolean {
  if (owner === FLOATING_IP) return state.get('floatingip', id) !== undefined;
  return (owner === ROUTER_INTERFACE || owner === ROUTER_GATEWAY) && state.get('router', id) !== undefined;
}

/**
 * Why a port cannot have these addresses instead of its own: a floating IP stands for one that would go; or it is a router's interface
 * in a subnet that a floating IP or a route needs the router to be on.
 */
export function refuseAddresses(state: StateReader, port: Port, fixedIps: readonly FixedIp[]): Problem | null {
  const isGone = (ip: string): boolean => !fixedIps.some(({ ip_address }) => ip_address === ip);
  const isNeeded = state.by('floatingip.port_id', port.id).some(({ fixed_ip_address: ip }) => ip !== null && isGone(ip));
  if (isNeeded) {
    const msg = `Cannot update the fixed_ips of the port ${port.id}, because its original fixed_ip has been associated to a floating ip`;
    return problem('BadRequest', { resource: 'port', msg });
  }
  const router = port.device_owner === ROUTER_INTERFACE ? state.get('router', port.device_id) : undefined;
  if (router === undefined) return null;
  const left = subnetsOf(state, port).filter(({ id }) => !fixedIps.some(({ subnet_id }) => subnet_id === id));
  for (const subnet of left) {
    const used = checkUnused(state, router, subnet);
    if (used !== null) return used;
  }
  return null;
}

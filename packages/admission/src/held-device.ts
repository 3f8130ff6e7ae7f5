import { type Port, type PortDraft, type Problem, problem, type Router, type StateReader } from '@manx/model';
import { mayUse } from './authority.js';
import { isRouterInterface, isRouterPort } from './device-owner.js';
import { refuseDeletion } from './routing/held-port.js';
import type { Work } from './work.js';

/** Whether the router or floating IP that a port belongs to is there and counts on it. */
function isCountedOn(state: StateReader, { id, device_owner: owner, device_id: device }: Port): boolean {
  if (owner === 'network:floatingip') return state.get('floatingip', device)?.floating_port_id === id;
  return isRouterPort(owner) && state.get('router', device) !== undefined;
}

/** A port that a router or floating IP counts on is not deleted as a port. */
export function checkDeletion(work: Work, port: Port): Problem | null {
  if (!isCountedOn(work.state, port)) return refuseDeletion(work, port);
  return problem('ServicePortInUse', { port_id: port.id, reason: `has device owner ${port.device_owner}` });
}

/**
 * Whether a port may be said to belong to this device. A router's id is for ports of its own project (Neutron's
 * `_enforce_device_owner_not_router_intf_or_device_id`), and a port that a router or floating IP counts on stays theirs; of a floating IP, its
 * address does too.
 */
export function checkDevice(work: Work, before: Port | null, values: Partial<PortDraft>): Problem | null {
  const owner = values.device_owner ?? before?.device_owner ?? '';
  const device = values.device_id ?? before?.device_id ?? '';
  const isOther = before === null || owner !== before.device_owner || device !== before.device_id;
  const router = isOther && isRouterInterface(owner) ? work.state.get('router', device) : undefined;
  const isOf = (resource: Router): boolean => resource.project_id === (before?.project_id ?? values.project_id);
  if (router !== undefined && !isOf(router) && !mayUse(work, 'set_port:foreign_router', { kind: 'router', resource: router }))
    return problem('DeviceIDNotOwnedByTenant', { device_id: device });
  if (before === null || !isCountedOn(work.state, before)) return null;
  const held = { device_owner: before.device_owner, id: before.id };
  if (isOther) return problem('UnsupportedPortDeviceOwner', { op: 'device update', ...held });
  const isMoved = values.fixed_ips !== undefined && before.device_owner === 'network:floatingip';
  return isMoved ? problem('UnsupportedPortDeviceOwner', { op: 'fixed IP update', ...held }) : null;
}

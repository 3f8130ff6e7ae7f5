import type { Port } from '@manx/model';
import { isHostAvailable } from './operations/agent.js';
import type { Work } from './work.js';

/** Where a port is plugged in, and what that makes of its status. */
export type Binding = Pick<Port, 'binding:host_id' | 'binding:vif_type' | 'status'>;

/**
 * The binding of a port to a host; to nowhere, for ''. A host without a live agent, or whose agent is administratively down, cannot have it.
 * BUILD until the host has said how the port is: DOWN without an interface, then ACTIVE; DOWN from the beginning for a port that is switched off.
 */
export function bindingTo(host: string, { admin_state_up }: Pick<Port, 'admin_state_up'>, work: Work): Binding {
  const vif = host === '' ? 'unbound' : isHostAvailable(work, host) ? 'tap' : 'binding_failed';
  return { 'binding:host_id': host, 'binding:vif_type': vif, status: vif === 'tap' && admin_state_up ? 'BUILD' : 'DOWN' };
}

/** The binding after a host was named in an update: a port that is plugged in there already stays as it is. */
export function reboundTo(host: string, port: Port, work: Work): Binding {
  const isSettled = port['binding:host_id'] === host && port['binding:vif_type'] !== 'binding_failed';
  if (isSettled) return { 'binding:host_id': host, 'binding:vif_type': port['binding:vif_type'], status: port.status };
  return bindingTo(host, port, work);
}

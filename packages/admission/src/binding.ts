import type { Port } from '@manx/model';
import { isHostAvailable } from './operations/agent.js';
import type { Work } from './work.js';

/** Where a port is plugged in, and what that makes of its status. */
export type Binding = Pick<Port, 'binding:host_id' | 'binding:vif_type' | 'status'>;

/** The binding of a port to a host; to nowhere, for ''. A host without a live agent, or whose agent is administratively down, cannot have it. DOWN until the host says otherwise. */
export function bindingTo(host: string, work: Work): Binding {
  const vif = host === '' ? 'unbound' : isHostAvailable(work, host) ? 'tap' : 'binding_failed';
  return { 'binding:host_id': host, 'binding:vif_type': vif, status: 'DOWN' };
}

/** The binding after a host was named in an update: a port that is plugged in there already stays as it is. */
export function reboundTo(host: string, port: Port, work: Work): Binding {
  const isSettled = port['binding:host_id'] === host && port['binding:vif_type'] !== 'binding_failed';
  if (isSettled) return { 'binding:host_id': host, 'binding:vif_type': port['binding:vif_type'], status: port.status };
  return bindingTo(host, work);
}

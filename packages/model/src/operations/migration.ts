import type { Port } from '../port.js';
import type { StateReader } from '../state-reader.js';

/**
 * The host that a port's profile says that it is moving to, as Nova writes it for a live migration (`migrating_to`); null for none.
 */
export function migratingTo(port: Pick<Port, 'binding:profile' | 'binding:host_id'>): string | null {
  const { migrating_to: host } = port['binding:profile'];
  return typeof host === 'string' && host !== '' && host !== port['binding:host_id'] ? host : null;
}

/**
 * The hosts that a port may move to by live migration, sorted; none of one that is plugged in nowhere: those of its waiting bindings, and the one that its profile names. A binding
 * that was the port's own before is none: it is what is left of the port there.
 */
export function awaitedAt(state: StateReader, port: Port): readonly string[] {
  if (port['binding:vif_type'] !== 'tap') return [];
  const waiting = state
    .by('port_binding.port_id', port.id)
    .filter(({ vif_type, host }) => vif_type === 'tap' && host !== port['binding:host_id']);
  const named = migratingTo(port);
  return [...new Set([...waiting.map(({ host }) => host), ...(named === null ? [] : [named])])].sort();
}

/** Where a port's instance runs: at the host that has heard it arrive, else where the port is bound. */
export function runsAt(port: Pick<Port, 'visits' | 'binding:host_id'>): string {
  return port.visits?.find(({ has_arrived }) => has_arrived)?.host ?? port['binding:host_id'];
}

import type { FixedIp, Port } from '@manx/model';
import { deleteLogsOf } from './operations/log.js';
import { DISASSOCIATED } from './routing/floating-ip-association.js';
import { deletePortForwarding } from './routing/port-forwarding.js';
import type { Work } from './work.js';

/** Deletes a port and what is only about it: forwardings, logs, bindings to other hosts; floating IPs that stood for it stand for nothing. */
export function endPort(work: Work, port: Port): void {
  letGoOfAddresses(work, port, []);
  deleteLogsOf(work, 'port', port.id);
  for (const { id } of work.state.by('port_binding.port_id', port.id)) work.delete('port_binding', id);
  work.delete('port', port.id);
}

/** Ends what leads to addresses that a port will not have any longer: floating IPs stand for nothing then, forwardings go. */
export function letGoOfAddresses(work: Work, port: Port, staying: readonly FixedIp[]): void {
  const stays = (ip: string | null): boolean => staying.some(({ ip_address }) => ip_address === ip);
  for (const floatingIp of work.state.by('floatingip.port_id', port.id)) {
    if (!stays(floatingIp.fixed_ip_address)) work.update('floatingip', floatingIp, DISASSOCIATED);
  }
  for (const forwarding of work.state.by('port_forwarding.internal_port_id', port.id)) {
    if (!stays(forwarding.internal_ip_address)) deletePortForwarding(work, forwarding);
  }
}

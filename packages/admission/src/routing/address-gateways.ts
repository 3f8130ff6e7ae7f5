import { isProblem, type Network, type Problem, type Subnet } from '@manx/model';
import { addressesOf } from '../fixed-ips.js';
import { isAutoAddressed } from '../subnet-shape.js';
import type { Work } from '../work.js';

/**
 * Gives the gateways on an external network an address of a subnet that it just got, where they have none of its family yet. A subnet
 * whose addresses make themselves gives them as it does to any port of the network.
 */
export function addressGateways(work: Work, network: Network, subnet: Subnet): Problem | null {
  if (!network['router:external'] || isAutoAddressed(subnet)) return null;
  for (const { gateway } of work.state.by('router.gateway_network_id', network.id)) {
    const port = gateway === null ? undefined : work.state.get('port', gateway.port_id);
    const families = port?.fixed_ips.map(({ ip_address }) => (ip_address.includes(':') ? 6 : 4));
    if (port === undefined || families?.includes(subnet.ip_version) === true) continue;
    const holder = { id: port.id, held: port.fixed_ips, mac: port.mac_address, device_owner: port.device_owner, network };
    const added = addressesOf(work, holder, [{ subnet_id: subnet.id }]);
    if (isProblem(added)) return added;
    work.update('port', port, { fixed_ips: [...port.fixed_ips, ...added] });
    work.touch('router', port.device_id);
  }
  return null;
}

import { type FixedIpWish, isProblem, type Network, type Port, type Problem } from '@manx/model';
import { addressesOf, autoAddress } from '../fixed-ips.js';
import { newMac } from '../mac.js';
import { isAutoAddressed } from '../subnet-shape.js';
import type { Work } from '../work.js';

/** The owners of ports that the network makes for itself: nobody deletes these as ports. */
export const ROUTER_INTERFACE = 'network:router_interface';
export const ROUTER_GATEWAY = 'network:router_gateway';
export const FLOATING_IP = 'network:floatingip';

/** A port that the network is to hold itself. */
export type NetworkPortWish = {
  readonly network: Network;
  readonly project_id: string;
  readonly device_owner: typeof ROUTER_INTERFACE | typeof ROUTER_GATEWAY | typeof FLOATING_IP;
  readonly device_id: string;
  /** Unless told: an address of each family, as any port gets. */
  readonly fixed_ips: readonly FixedIpWish[] | undefined;
};

/**
 * Makes a port of the network's own. It is bound to no host: all of them play it, as soon as it is there. Who may make such a port
 * for what purpose is the caller's question; S12 is decided here.
 */
export function createNetworkPort(work: Work, wish: NetworkPortWish): Port | Problem {
  const { network, project_id, device_owner, device_id } = wish;
  const mac = newMac(work, network.id);
  if (isProblem(mac)) return mac;
  const held = addressesOf(work, { id: null, held: [], mac, device_owner, network }, wish.fixed_ips);
  if (isProblem(held)) return held;
  const isGateway = device_owner === ROUTER_GATEWAY && wish.fixed_ips === undefined;
  const auto = isGateway ? autoAddresses(work, network, mac) : [];
  if (isProblem(auto)) return auto;
  return work.create('port', {
    project_id,
    name: '',
    description: '',
    network_id: network.id,
    admin_state_up: true,
    mac_address: mac,
    // A floating IP is one IPv4 address, whatever else its network has.
    fixed_ips: device_owner === FLOATING_IP ? held.filter(({ ip_address }) => !ip_address.includes(':')).slice(0, 1) : [...held, ...auto],
    device_id,
    device_owner,
    status: device_owner === FLOATING_IP ? 'N/A' : 'ACTIVE',
    security_groups: [],
    port_security_enabled: false,
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    qos_policy_id: null,
    dns_name: '',
    dns_domain: '',
    propagate_uplink_status: true,
    numa_affinity_policy: null,
    hints: null,
    'binding:host_id': '',
    'binding:vnic_type': 'normal',
    'binding:profile': {},
    'binding:vif_type': 'unbound',
  });
}

/** A gateway is a host to its external network, and has an address by its MAC where those make themselves, as any host does. */
function autoAddresses(work: Work, network: Network, mac: Port['mac_address']): Port['fixed_ips'] | Problem {
  const fixedIps: Port['fixed_ips'][number][] = [];
  for (const subnet of work.state.by('subnet.network_id', network.id)) {
    if (!isAutoAddressed(subnet)) continue;
    const fixedIp = autoAddress(work.state, subnet, { id: null, mac_address: mac, network_id: network.id });
    if (isProblem(fixedIp)) return fixedIp;
    fixedIps.push(fixedIp);
  }
  return fixedIps;
}

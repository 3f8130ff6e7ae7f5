import { familyOf, type Ip, rangeContains } from '@manx/ip';
import {
  type Attributes,
  type InterfaceWish,
  isProblem,
  isVisible,
  type Network,
  notFound,
  type Port,
  type Problem,
  problem,
  type Router,
  type Subnet,
} from '@manx/model';
import { mayUse, networkFor } from '../authority.js';
import { changedAddresses } from '../fixed-ips.js';
import type { ActionResult } from '../rules.js';
import type { Work } from '../work.js';
import { checkConnections, interfacesOf, subnetsOf } from './connections.js';
import { interfaceAnswer } from './interface-answer.js';
import { createNetworkPort, ROUTER_INTERFACE } from './network-port.js';

/** The rule about subnets of other projects. */
const FOREIGN_SUBNET = 'add_router_interface:foreign_subnet';

const refused = (msg: string): Problem => problem('BadRequest', { resource: 'router', msg });

/** `add_router_interface`: by subnet the router gets a port with the subnet's gateway address, by port it gets that one. */
export function addRouterInterface(work: Work, router: Router, values: Attributes): ActionResult | Problem {
  const { port_id, subnet_id = '' } = values as InterfaceWish;
  const added = port_id === undefined ? addBySubnet(work, router, subnet_id) : addByPort(work, router, port_id);
  if (isProblem(added)) return added;
  work.touch('router', router.id);
  return interfaceAnswer(router, added.port, added.subnets);
}

type Added = { readonly port: Port; readonly subnets: readonly Subnet[] };

function addBySubnet(work: Work, router: Router, id: string): Added | Problem {
  const subnet = work.state.get('subnet', id);
  if (subnet === undefined || !isVisible(work, 'subnet', subnet)) return notFound('subnet', id);
  const network = networkFor(work, subnet.network_id);
  if (isProblem(network)) return network;
  const wrong = checkOwner(work, subnet) ?? checkConnections(work.state, router, [subnet]);
  if (subnet.gateway_ip === null) return refused('Subnet for router interface must have a gateway IP');
  if (wrong !== null) return wrong;
  const wish = { subnet_id: subnet.id, ip_address: subnet.gateway_ip };
  const present = subnet.ip_version === 6 ? ipv6Interface(work, router, network.id) : undefined;
  const port =
    present === undefined
      ? createNetworkPort(work, {
          network,
          project_id: router.project_id,
          device_owner: ROUTER_INTERFACE,
          device_id: router.id,
          fixed_ips: [wish],
        })
      : extended(work, present, { network, wish });
  return isProblem(port) ? port : { port, subnets: [subnet] };
}

/** IPv6 prefixes of one network share the router's port there. */
function extended(
  work: Work,
  port: Port,
  { network, wish }: { readonly network: Network; readonly wish: Port['fixed_ips'][number] },
): Port | Problem {
  const holder = { id: port.id, held: port.fixed_ips, mac: port.mac_address, device_owner: port.device_owner, network };
  const fixedIps = changedAddresses(work, holder, [...port.fixed_ips, wish]);
  return isProblem(fixedIps) ? fixedIps : work.update('port', port, { fixed_ips: fixedIps });
}

/** Others' subnets can be connected only where their network is shared with the project by name; one that everybody may use is not for that. */
function checkOwner(work: Work, subnet: Subnet): Problem | null {
  const project = work.actor.project_id;
  if (subnet.project_id === project) return null;
  const isShared = work.state
    .by('rbac_policy.object_id', subnet.network_id)
    .some((policy) => policy.action === 'access_as_shared' && policy.target_project === project);
  if (isShared || mayUse(work, FOREIGN_SUBNET, { kind: 'subnet', resource: subnet })) return null;
  return refused(`Cannot add interface to router because subnet ${subnet.id} is not owned by project making the request`);
}

function addByPort(work: Work, router: Router, id: string): Added | Problem {
  const port = work.state.get('port', id);
  if (port === undefined || !isVisible(work, 'port', port)) return notFound('port', id);
  if (port.device_id !== '') return problem('PortInUse', { port_id: port.id, net_id: port.network_id, device_id: port.device_id });
  if (port.fixed_ips.length === 0) return refused('Router port must have at least one fixed IP');
  const subnets = subnetsOf(work.state, port);
  const wrong =
    checkIpv6Interface(work, router, port) ??
    checkConnections(work.state, router, subnets) ??
    (subnets.filter(({ ip_version }) => ip_version === 4).length > 1
      ? refused('Cannot have multiple IPv4 subnets on router port')
      : null) ??
    checkRange(work, port, subnets);
  if (wrong !== null) return wrong;
  // Hosts play it: whatever was plugged in as this port is no longer.
  const attached = work.update('port', port, {
    device_id: router.id,
    device_owner: ROUTER_INTERFACE,
    status: 'ACTIVE',
    'binding:host_id': '',
    'binding:vif_type': 'unbound',
  });
  return { port: attached, subnets };
}

function checkIpv6Interface(work: Work, router: Router, port: Port): Problem | null {
  const present = hasIpv6(port) ? ipv6Interface(work, router, port.network_id) : undefined;
  if (present === undefined) return null;
  return refused(
    `Router already contains IPv6 port ${present.id} belonging to network id ${port.network_id}. Only one IPv6 port from the same network subnet can be connected to a router.`,
  );
}

/** Who does not own a subnet may only bring addresses that the subnet gives out. */
function checkRange(work: Work, port: Port, subnets: readonly Subnet[]): Problem | null {
  for (const { subnet_id, ip_address } of port.fixed_ips) {
    const subnet = subnets.find(({ id }) => id === subnet_id);
    if (subnet === undefined || subnet.project_id === work.actor.project_id) continue;
    if (isInPools(subnet, ip_address) || mayUse(work, FOREIGN_SUBNET, { kind: 'subnet', resource: subnet })) continue;
    return refused(
      `Cannot add interface to router because specified port ${port.id} has an IP address out of the allocation pool of subnet ${subnet_id}, which is not owned by the project making the request`,
    );
  }
  return null;
}

function isInPools(subnet: Subnet, ip: Ip): boolean {
  return subnet.allocation_pools.some(({ start, end }) => rangeContains({ first: start, last: end }, ip));
}

function ipv6Interface(work: Work, router: Router, network: string): Port | undefined {
  return interfacesOf(work.state, router.id).find((port) => port.network_id === network && hasIpv6(port));
}

function hasIpv6(port: Port): boolean {
  return port.fixed_ips.some(({ ip_address }) => familyOf(ip_address) === 6);
}

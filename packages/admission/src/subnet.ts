import { type Cidr, cidrContains, type Ip } from '@manx/ip';
import {
  isProblem,
  isVisible,
  type Network,
  type Port,
  type Problem,
  problem,
  type Subnet,
  type SubnetDraft,
  type SubnetPool,
} from '@manx/model';
import { checkNetworkPools, cutFrom, poolFor } from './addressing/cut-subnet.js';
import { checkSegmentChange, checkSubnetSegment } from './addressing/segment.js';
import { isNear } from './addressing/segment-reach.js';
import { networkFor } from './authority.js';
import { isAdminPort, isRouterInterface, isSelfRemoving } from './device-owner.js';
import { autoAddress, isGatewayHeld, isServed } from './fixed-ips.js';
import { mtuConflict } from './network.js';
import { letGoOfAddresses } from './port-release.js';
import { addressGateways } from './routing/address-gateways.js';
import { checkCidr, checkGateway, checkPools, checkServices, defaultGateway, defaultPools, isAutoAddressed } from './subnet-shape.js';
import type { Work } from './work.js';

/** Makes a subnet; where addresses make themselves, the ports already on the network get theirs. */
export function createSubnet(work: Work, draft: SubnetDraft): Subnet | Problem {
  const network = networkFor(work, draft.network_id);
  if (isProblem(network)) return network;
  const pool = poolOf(work, draft);
  if (isProblem(pool)) return pool;
  const cidr = pool === null ? (draft.cidr ?? null) : cutFrom(work, pool, draft);
  if (cidr === null) return badRequest('a subnetpool must be specified in the absence of a cidr');
  if (isProblem(cidr)) return cidr;
  const shape = shapeOf(draft, cidr);
  const wrong =
    checkCidr(cidr, draft.ip_version, draft.enable_dhcp) ??
    checkServices({ ...shape, label: 'new subnet' }) ??
    mtuConflict(network, draft.ip_version) ??
    overlapOf(work, cidr, network) ??
    checkBgpPeers(work, cidr) ??
    checkNetworkPools(work, network.id, { family: draft.ip_version, pool }) ??
    checkSubnetSegment(work, { network_id: network.id, segment_id: draft.segment_id ?? null });
  if (wrong !== null) return wrong;
  const gateway = draft.gateway_ip === undefined ? defaultGateway(cidr) : draft.gateway_ip;
  const held = gateway === null ? null : (checkGateway(gateway, cidr) ?? heldGateway(work, gateway, network.id));
  if (held !== null) return held;
  const pools = draft.allocation_pools === undefined ? defaultPools(cidr, gateway) : checkPools(draft.allocation_pools, cidr, gateway);
  if (isProblem(pools)) return pools;
  const { project_id, name, description, network_id } = draft;
  const subnet = work.create('subnet', {
    project_id,
    name,
    description,
    network_id,
    ...shape,
    subnetpool_id: pool?.id ?? null,
    segment_id: draft.segment_id ?? null,
    service_types: draft.service_types ?? [],
    dns_publish_fixed_ip: draft.dns_publish_fixed_ip ?? false,
    gateway_ip: gateway,
    allocation_pools: pools,
  });
  work.touch('network', network.id);
  return addressPorts(work, subnet) ?? addressGateways(work, network, subnet) ?? subnet;
}

/** Changes a subnet. Pools that were not asked to change stay as they are, and the gateway must stay out of them. */
export function updateSubnet(work: Work, subnet: Subnet, values: Partial<SubnetDraft>): Subnet | Problem {
  const { project_id: _owner, network_id: _network, cidr: _cidr, subnetpool_id: _pool, prefixlen: _length, ...rest } = values;
  const { use_default_subnetpool: _default, ...settable } = rest;
  if (values.enable_dhcp === false && (subnet.ipv6_ra_mode !== null || subnet.ipv6_address_mode !== null)) {
    return problem('InvalidInput', { error_message: 'Cannot disable enable_dhcp with ipv6 attributes set' });
  }
  const after = { ...subnet, ...settable };
  const wrong =
    checkServices({ ...after, label: subnet.id }) ??
    (settable.enable_dhcp === true ? checkCidr(subnet.cidr, subnet.ip_version, true) : null) ??
    checkSegmentChange(work, subnet, after.segment_id) ??
    (after.gateway_ip === subnet.gateway_ip ? null : checkOldGateway(work, subnet));
  if (wrong !== null) return wrong;
  const gateway = settable.gateway_ip === undefined ? subnet.gateway_ip : settable.gateway_ip;
  if (gateway !== null && gateway !== subnet.gateway_ip) {
    const held = checkGateway(gateway, subnet.cidr) ?? heldGateway(work, gateway, subnet.network_id);
    if (held !== null) return held;
  }
  const pools = checkPools(after.allocation_pools, subnet.cidr, gateway);
  if (isProblem(pools)) return pools;
  const updated = work.update('subnet', subnet, { ...settable, allocation_pools: pools });
  if (updated !== subnet) work.touch('network', subnet.network_id);
  return updated;
}

/**
 * Deletes a subnet that no router is on and no port holds an address of, but for addresses that made themselves and for ports that go
 * with their network: those addresses go with the subnet.
 */
export function deleteSubnet(work: Work, subnet: Subnet): Problem | null {
  const ports = work.state.by('port.subnet_id', subnet.id);
  const isInUse = ports.some(
    ({ device_owner }) => isRouterInterface(device_owner) || (!isAutoAddressed(subnet) && !isSelfRemoving(device_owner)),
  );
  if (isInUse) return problem('SubnetInUse', { id: subnet.id, reason: 'One or more ports have an IP allocation from this subnet' });
  for (const port of ports) {
    const staying = port.fixed_ips.filter(({ subnet_id }) => subnet_id !== subnet.id);
    letGoOfAddresses(work, port, staying);
    work.update('port', work.state.get('port', port.id) ?? port, { fixed_ips: staying });
  }
  work.delete('subnet', subnet.id);
  work.touch('network', subnet.network_id);
  return null;
}

/** The pool that the subnet is to be of; null for none. */
function poolOf(work: Work, draft: SubnetDraft): SubnetPool | Problem | null {
  if (typeof draft.cidr === 'string' && draft.prefixlen !== undefined)
    return badRequest('cidr and prefixlen must not be supplied together');
  return poolFor(work, draft);
}

function badRequest(msg: string): Problem {
  return problem('BadRequest', { resource: 'subnets', msg });
}

type Shape = Pick<Subnet, 'cidr' | 'ip_version' | 'dns_nameservers' | 'host_routes' | 'enable_dhcp' | 'ipv6_ra_mode' | 'ipv6_address_mode'>;

function shapeOf(draft: SubnetDraft, cidr: Cidr): Shape {
  return {
    cidr,
    ip_version: draft.ip_version,
    dns_nameservers: draft.dns_nameservers ?? [],
    host_routes: draft.host_routes ?? [],
    enable_dhcp: draft.enable_dhcp,
    ipv6_ra_mode: draft.ipv6_ra_mode ?? null,
    ipv6_address_mode: draft.ipv6_address_mode ?? null,
  };
}

/** S13. The other subnet is named to those who may see it; others learn no more than that the prefix is taken. */
function overlapOf(work: Work, cidr: Cidr, network: Network): Problem | null {
  const others = work.state.overlapping(cidr);
  if (work.context.settings.overlapping_subnets === 'allow') return overlapOnNetwork(cidr, network, others);
  const other = others.find((candidate) => isVisible(work, 'subnet', candidate)) ?? others[0];
  if (other === undefined) return null;
  const why = 'all subnets of this deployment share one flat address space, so CIDRs may not overlap on any network';
  const who = isVisible(work, 'subnet', other)
    ? `subnet ${other.id} (${other.cidr}) on network ${other.network_id}`
    : 'a subnet of another project';
  return problem('OverlappingSubnet', {
    reason: `Requested subnet with cidr: ${cidr} for network: ${network.id} overlaps with another subnet: ${who}; ${why}`,
  });
}

/** S18: whoever has the address of a host's BGP peer would be spoken to as the peer. There are few peers. */
function checkBgpPeers(work: Work, cidr: Cidr): Problem | null {
  for (const { peer_ip } of work.state.all('bgp_peer')) if (cidrContains(cidr, peer_ip)) return problem('SubnetOfBgpPeer', { cidr });
  return null;
}

/** Where CIDRs may overlap, those of one network still may not, as in Neutron. */
function overlapOnNetwork(cidr: Cidr, network: Network, others: readonly Subnet[]): Problem | null {
  const other = others.find(({ network_id }) => network_id === network.id);
  if (other === undefined) return null;
  return problem('InvalidInput', {
    error_message: `Requested subnet with cidr: ${cidr} for network: ${network.id} overlaps with another subnet`,
  });
}

/** While a router holds the gateway's address for its network, the subnet has no other gateway. */
function checkOldGateway(work: Work, subnet: Subnet): Problem | null {
  const holder = subnet.gateway_ip === null ? undefined : work.state.holderOf(subnet.gateway_ip);
  if (holder === undefined || subnet.gateway_ip === null || !isRouterInterface(holder.device_owner)) return null;
  return problem('GatewayIpInUse', { ip_address: subnet.gateway_ip, port_id: holder.id });
}

/** S12: an address that a port holds cannot be a gateway (which hosts answer for). */
function heldGateway(work: Work, gateway: Ip, network: string): Problem | null {
  return isGatewayHeld(work.state, gateway) ? problem('IpAddressInUse', { ip_address: gateway, net_id: network }) : null;
}

/** Whether a port is where a subnet's addresses are: one that is bound nowhere yet is on no segment. */
function isNearPort({ state }: Work, { 'binding:host_id': host }: Port, subnet: Subnet): boolean {
  return subnet.segment_id === null || (host !== '' && isNear(state, host, subnet));
}

function addressPorts(work: Work, subnet: Subnet): Problem | null {
  if (!isAutoAddressed(subnet)) return null;
  const ports: Port[] = work.state
    .by('port.network_id', subnet.network_id)
    .filter((port) => !isAdminPort(port.device_owner) && isServed(subnet, port.device_owner) && isNearPort(work, port, subnet));
  for (const port of ports) {
    const fixedIp = autoAddress(work.state, subnet, port);
    if (isProblem(fixedIp)) return fixedIp;
    work.update('port', port, { fixed_ips: [...port.fixed_ips, fixedIp] });
  }
  return null;
}

import type { Cidr, Ip } from '@manx/ip';
import { isProblem, isVisible, type Network, type Port, type Problem, problem, type Subnet, type SubnetDraft } from '@manx/model';
import { disallowed, isNetworkOwner, networkFor } from './authority.js';
import { isAdminPort } from './device-owner.js';
import { autoAddress, isGatewayHeld } from './fixed-ips.js';
import { mtuConflict } from './network.js';
import { checkCidr, checkGateway, checkPools, checkServices, defaultGateway, defaultPools, isAutoAddressed } from './subnet-shape.js';
import type { Work } from './work.js';

/** Makes a subnet; where addresses make themselves, the ports already on the network get theirs. */
export function createSubnet(work: Work, draft: SubnetDraft): Subnet | Problem {
  const network = networkFor(work.state, work.actor, draft.network_id);
  if (isProblem(network)) return network;
  if (!isNetworkOwner(work.actor, network)) return disallowed('create_subnet');
  const cidr = cidrOf(draft);
  if (isProblem(cidr)) return cidr;
  const shape = shapeOf(draft, cidr);
  const wrong =
    checkCidr(cidr, draft.ip_version, draft.enable_dhcp) ??
    checkServices({ ...shape, label: 'new subnet' }) ??
    mtuConflict(network, draft.ip_version) ??
    overlapOf(work, cidr, network);
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
    gateway_ip: gateway,
    allocation_pools: pools,
  });
  work.touch('network', network.id);
  return addressPorts(work, subnet) ?? subnet;
}

/** Changes a subnet. Pools that were not asked to change stay as they are, and the gateway must stay out of them. */
export function updateSubnet(work: Work, subnet: Subnet, values: Partial<SubnetDraft>): Subnet | Problem {
  const { project_id: _owner, network_id: _network, cidr: _cidr, subnetpool_id: _pool, prefixlen: _length, ...settable } = values;
  if (values.enable_dhcp === false && (subnet.ipv6_ra_mode !== null || subnet.ipv6_address_mode !== null)) {
    return problem('InvalidInput', { error_message: 'Cannot disable enable_dhcp with ipv6 attributes set' });
  }
  const after = { ...subnet, ...settable };
  const wrong =
    checkServices({ ...after, label: subnet.id }) ??
    (settable.enable_dhcp === true ? checkCidr(subnet.cidr, subnet.ip_version, true) : null);
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

/** Deletes a subnet that no port holds an address of, but for addresses that made themselves: those go with it. */
export function deleteSubnet(work: Work, subnet: Subnet): Problem | null {
  const ports = work.state.by('port.subnet_id', subnet.id);
  if (ports.length > 0 && !isAutoAddressed(subnet)) {
    return problem('SubnetInUse', { id: subnet.id, reason: 'One or more ports have an IP allocation from this subnet' });
  }
  for (const port of ports) work.update('port', port, { fixed_ips: port.fixed_ips.filter(({ subnet_id }) => subnet_id !== subnet.id) });
  work.delete('subnet', subnet.id);
  work.touch('network', subnet.network_id);
  return null;
}

function cidrOf({ cidr, prefixlen, subnetpool_id }: SubnetDraft): Cidr | Problem {
  if (typeof cidr === 'string' && prefixlen !== undefined) {
    return problem('BadRequest', { resource: 'subnets', msg: 'cidr and prefixlen must not be supplied together' });
  }
  if (typeof subnetpool_id === 'string') return problem('SubnetPoolNotFound', { id: subnetpool_id });
  return cidr ?? problem('BadRequest', { resource: 'subnets', msg: 'a subnetpool must be specified in the absence of a cidr' });
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
  if (work.context.settings.overlapping_subnets === 'allow') return null;
  const others = work.state.overlapping(cidr);
  const other = others.find((candidate) => isVisible(work.state, work.actor, 'subnet', candidate)) ?? others[0];
  if (other === undefined) return null;
  const why = 'all subnets of this deployment share one flat address space, so CIDRs may not overlap on any network';
  const who = isVisible(work.state, work.actor, 'subnet', other)
    ? `subnet ${other.id} (${other.cidr}) on network ${other.network_id}`
    : 'a subnet of another project';
  return problem('OverlappingSubnet', {
    reason: `Requested subnet with cidr: ${cidr} for network: ${network.id} overlaps with another subnet: ${who}; ${why}`,
  });
}

/** S12: an address that a port holds cannot be a gateway (which hosts answer for). */
function heldGateway(work: Work, gateway: Ip, network: string): Problem | null {
  return isGatewayHeld(work.state, gateway) ? problem('IpAddressInUse', { ip_address: gateway, net_id: network }) : null;
}

function addressPorts(work: Work, subnet: Subnet): Problem | null {
  if (!isAutoAddressed(subnet)) return null;
  const ports: Port[] = work.state.by('port.network_id', subnet.network_id).filter((port) => !isAdminPort(port.device_owner));
  for (const port of ports) {
    const fixedIp = autoAddress(work.state, subnet, port);
    if (isProblem(fixedIp)) return fixedIp;
    work.update('port', port, { fixed_ips: [...port.fixed_ips, fixedIp] });
  }
  return null;
}

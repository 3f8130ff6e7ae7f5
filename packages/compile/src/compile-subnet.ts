import { isProblem, type Problem, parseHostObject, type Subnet } from '@manx/hoststate';
import { type Ip, isUnspecified } from '@manx/ip';
import type { Network, StateReader, Subnet as SubnetResource } from '@manx/model';
import { hasSnat } from './has-snat.js';
import { isPluggedIn } from './is-plugged-in.js';

/** What a subnet depends on besides itself: from `state` come who holds its gateway's address, and the routers on it. */
export type SubnetContext = { readonly network: Network | undefined; readonly state: StateReader };

/**
 * What DHCP and router advertisements say in this subnet (S26, S29): the MTU is the network's. A name server of `0.0.0.0`
 * or `::` is Neutron's way to say that there is none, which is said on where it is the only one: the host is none then, either. An IPv6 address mode alone leaves the advertisements to another
 * router of the link: the host is the only one there is, so that it sends them. IPv6 host routes are told by neither. A gateway that a port holds which is plugged in somewhere is that port's. A problem when the network is missing or a value cannot be said.
 */
export function compileSubnet(subnet: SubnetResource, { network, state }: SubnetContext): Subnet | Problem {
  if (network === undefined) return subnetProblem(subnet, `its network ${subnet.network_id} is missing`);
  const compiled = parseHostObject({
    kind: 'subnet',
    id: subnet.id,
    network: subnet.network_id,
    cidr: subnet.cidr,
    gateway: subnet.gateway_ip,
    isGatewayHeld: subnet.gateway_ip !== null && isPluggedIn(state.holderOf(subnet.gateway_ip)),
    hasSnat: hasSnat(subnet, state),
    isDhcpEnabled: subnet.enable_dhcp,
    dnsServers: nameServers(subnet),
    hostRoutes: subnet.ip_version === 6 ? [] : subnet.host_routes.map(({ destination, nexthop }) => ({ destination, nexthop })),
    mtu: network.mtu,
    raMode: subnet.ipv6_ra_mode ?? subnet.ipv6_address_mode,
    addressMode: subnet.ipv6_address_mode,
  });
  if (isProblem(compiled)) return subnetProblem(subnet, `${compiled.subject}: ${compiled.detail}`);
  return compiled as Subnet;
}

function nameServers({ dns_nameservers: all }: SubnetResource): readonly Ip[] {
  const named = all.filter((ip) => !isUnspecified(ip));
  return named.length > 0 ? named : all.slice(0, 1);
}

function subnetProblem(subnet: SubnetResource, detail: string): Problem {
  return { code: 'subnet-not-compiled', subject: `subnet ${subnet.id}`, detail: `its addresses are served nowhere: ${detail}` };
}

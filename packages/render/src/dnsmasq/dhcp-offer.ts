import type { Endpoint, HostState, Subnet } from '@manx/hoststate';
import { familyOf, type Ip, prefixLength } from '@manx/ip';

/** An IPv4 lease: the address, and the subnet that its options come from. */
export type Dhcp4Offer = { readonly ip: Ip; readonly subnet: Subnet };

/** What an endpoint is told by its host. */
export type DhcpOffer = {
  /** The lowest of its IPv4 addresses in a subnet with DHCP; a DHCPv4 client gets one address. Null: no lease. */
  readonly v4: Dhcp4Offer | null;
  /** Its addresses in subnets with stateful DHCPv6, in order; the others it makes itself, or has nowhere. */
  readonly v6: readonly Ip[];
  /** Its advertised subnets, in the order of its addresses, each once. */
  readonly advertised: readonly Subnet[];
};

/**
 * Whether routers of this subnet advertise: DHCP is on, and there is a mode that dnsmasq can say. Prefixes are /64, but
 * for stateful DHCPv6, which may also be longer (dnsmasq(8), --dhcp-range). Without `raMode` nobody sends
 * advertisements, so that no instance would ask for DHCPv6: nothing is served either.
 */
export function isAdvertised(subnet: Subnet): boolean {
  if (familyOf(subnet.cidr) !== 6 || !subnet.isDhcpEnabled || subnet.raMode === null) return false;
  const length = prefixLength(subnet.cidr);
  return length === 64 || (length > 64 && subnet.raMode === 'dhcpv6-stateful');
}

/** What DHCP and router advertisements give the endpoint. Addresses in unknown subnets get nothing. */
export function dhcpOffer(state: HostState, endpoint: Endpoint): DhcpOffer {
  const placed = endpoint.addresses.flatMap(({ ip, subnet: id }) => {
    const subnet = state.subnets.get(id);
    return subnet === undefined ? [] : [{ ip, subnet }];
  });
  const v6 = placed.filter(({ subnet }) => isAdvertised(subnet));
  return {
    v4: placed.find(({ ip, subnet }) => familyOf(ip) === 4 && subnet.isDhcpEnabled) ?? null,
    v6: v6.filter(({ subnet }) => subnet.raMode === 'dhcpv6-stateful').map(({ ip }) => ip),
    advertised: [...new Set(v6.map(({ subnet }) => subnet))],
  };
}

import type { Endpoint, HostState } from '@manx/hoststate';
import { asCidr, asIp, type Cidr, cidrContains, cidrFirst, familyOf, type Ip, isLinkLocal, prefixLength } from '@manx/ip';
import { dhcpOffer } from './dhcp-offer.js';

/** An address that the host must have on a tap. */
export type TapAddress = { readonly ip: Ip; readonly prefixLength: number };

/**
 * What a host answers DHCP from where a subnet has no gateway to lend its address. It is not routed, and the same everywhere. Only such taps
 * may have it: dnsmasq serves an interface with the address of its `shared-network` from that one, whatever gateway is there.
 */
export const DHCP_LINK_ADDRESS = asIp('169.254.169.253');

/** The two ranges that dnsmasq serves, which together are all of IPv4: a range with a netmask of no bits is not served. */
export const DHCP_HALVES: readonly Cidr[] = [asCidr('0.0.0.0/1'), asCidr('128.0.0.0/1')];

/**
 * The addresses without which dnsmasq does not serve this endpoint. `gateways` are the IPv4 gateways that the tap has as /32 anyway.
 *
 * IPv4: dnsmasq answers only where the tap has an address in the same half of IPv4 as the one it lends; a gateway does, and
 * where there is none it is `DHCP_LINK_ADDRESS` as a /32.
 *
 * IPv6: dnsmasq advertises a prefix only on an interface with an address in it whose prefix length is the prefix's own: a /128
 * does not do. It is the gateway, or the subnet-router anycast address (RFC 4291, section 2.6.1) where the gateway is not in the
 * prefix, or an instance holds it. It must be added without duplicate address detection (IFA_F_NODAD) and **without a route for the prefix**
 * (IFA_F_NOPREFIXROUTE), or the host would look for the whole prefix on this one tap. The tap needs its link-local address
 * as well: advertisements come from it. They tell the MTU that `net/ipv6/conf/TAP/mtu` has, so that must be the subnet's (S29).
 *
 * Replies to renewals, of either family, follow the host's route to the guest's address: they need it to stand.
 */
export function dhcpTapAddresses(state: HostState, endpoint: Endpoint, gateways: readonly Ip[]): readonly TapAddress[] {
  const { v4, advertised } = dhcpOffer(state, endpoint);
  const half = v4 === null ? undefined : DHCP_HALVES.find((range) => cidrContains(range, v4.ip));
  const isServed = half === undefined || gateways.some((gateway) => cidrContains(half, gateway));
  return [
    ...(isServed ? [] : [{ ip: DHCP_LINK_ADDRESS, prefixLength: 32 }]),
    ...advertised.map(({ cidr, gateway, isGatewayHeld }) => ({
      ip: routerIn(cidr, isGatewayHeld ? null : gateway),
      prefixLength: prefixLength(cidr),
    })),
  ];
}

function routerIn(cidr: Cidr, gateway: Ip | null): Ip {
  return gateway !== null && familyOf(gateway) === 6 && !isLinkLocal(gateway) && cidrContains(cidr, gateway) ? gateway : cidrFirst(cidr);
}

import type { Endpoint, PortNames, Subnet } from '@manx/hoststate';
import { cidrContains, cidrLast, familyOf, type Ip, isUnspecified, netmask, prefixLength } from '@manx/ip';
import { METADATA_IPV4, METADATA_IPV6 } from '../metadata.js';
import type { DhcpOffer } from './dhcp-offer.js';
import { dnsNameOf } from './dns-name.js';
import type { DnsmasqSettings } from './dnsmasq-settings.js';
import { extraOption } from './extra-option.js';

/** One option as dnsmasq reads it; `key` is its family and number. */
type OptionLine = { readonly key: string; readonly text: string };

/** What the host offers beside DHCP. */
type DhcpSettings = Pick<DnsmasqSettings, 'hasMetadata' | 'hasDns' | 'domain'>;

/**
 * The options of one endpoint as lines of `dhcp-optsfile`, each tagged with its tap: dnsmasq sets the name of the interface that a
 * request came in by as a tag, which no guest can choose. (Tags given in the hosts file would do for whole subnets, but
 * dnsmasq 2.90 crashes on SIGHUP once it has matched one.) The port's own options take the place of its subnet's.
 */
export function dhcpOptions(
  { ifname, dhcpOptions: own }: Pick<Endpoint, 'ifname' | 'dhcpOptions'>,
  { offer, names }: { readonly offer: DhcpOffer; readonly names: PortNames | undefined },
  settings: DhcpSettings,
): readonly string[] {
  const isServed = { 4: offer.v4 !== null, 6: offer.advertised.length > 0 };
  const ofPort = own.filter(({ family }) => isServed[family]).flatMap(extraOption);
  const replaced = new Set(ofPort.map(({ key }) => key));
  const domain = settings.domain === null ? dnsNameOf(names, offer.v4?.ip ?? null).domain : null;
  const ofSubnet = [
    ...(offer.v4 === null ? [] : v4Options(offer.v4.subnet, settings)),
    ...(offer.v4 === null || domain === null ? [] : [{ key: '4 15', text: `option:domain-name,${domain}` }]),
    ...v6Options(offer.advertised, settings),
    ...(offer.advertised.length === 0 || domain === null ? [] : [{ key: '6 24', text: `option6:domain-search,${domain}` }]),
  ];
  return [...ofSubnet.filter(({ key }) => !replaced.has(key)), ...ofPort].map(({ text }) => `tag:${ifname},${text}`);
}

function v4Options(subnet: Subnet, settings: DhcpSettings): OptionLine[] {
  const dns = nameServers(subnet, 4, settings);
  const routes = classlessRoutes(subnet, settings.hasMetadata || dns.includes(METADATA_IPV4));
  return [
    { key: '4 1', text: `option:netmask,${netmask(subnet.cidr)}` },
    // RFC 3021: a /31 and a /32 have no broadcast address.
    ...(prefixLength(subnet.cidr) > 30 ? [] : [{ key: '4 28', text: `28,${cidrLast(subnet.cidr)}` }]),
    // Without a value the option is not sent: dnsmasq would offer itself as the router.
    { key: '4 3', text: subnet.gateway === null ? 'option:router' : `option:router,${subnet.gateway}` },
    ...(dns.length === 0 ? [] : [{ key: '4 6', text: `option:dns-server,${dns.join(',')}` }]),
    { key: '4 26', text: `option:mtu,${subnet.mtu}` },
    ...(routes.length === 0 ? [] : ['121', '249'].map((code) => ({ key: `4 ${code}`, text: `${code},${routes.join(',')}` }))),
  ];
}

/**
 * Destination and next hop in turn (RFC 3442), the default route among them, because a client that reads option 121 does not read
 * option 3. Sent where there are host routes, or a gateway outside the subnet, which needs a route of its own first, or metadata or DNS of the host without a
 * gateway to ask them by. Option
 * 249 is the same for older Windows, as Neutron sends it.
 */
function classlessRoutes({ cidr, gateway, hostRoutes }: Subnet, hasService: boolean): string[] {
  const isOffLink = gateway !== null && !cidrContains(cidr, gateway);
  const routes = hostRoutes.filter(({ destination, nexthop }) => familyOf(destination) === 4 && familyOf(nexthop) === 4);
  const isServiceOnLink = hasService && gateway === null;
  if (routes.length === 0 && !isOffLink && !isServiceOnLink) return [];
  const hasDefault = routes.some(({ destination }) => destination === '0.0.0.0/0');
  return [
    ...(isOffLink ? [`${gateway}/32`, '0.0.0.0'] : []),
    ...(isServiceOnLink ? [`${METADATA_IPV4}/32`, '0.0.0.0'] : []),
    ...routes.flatMap(({ destination, nexthop }) => [destination, nexthop]),
    ...(gateway === null || hasDefault ? [] : ['0.0.0.0/0', gateway]),
  ];
}

/** Name servers, for DHCPv6 and for advertisements (RFC 8106): of all its advertised subnets, in their order, each once. */
function v6Options(advertised: readonly Subnet[], settings: DhcpSettings): OptionLine[] {
  const dns = [...new Set(advertised.flatMap((subnet) => nameServers(subnet, 6, settings)))];
  return dns.length === 0 ? [] : [{ key: '6 23', text: `option6:dns-server,${dns.map((ip) => `[${ip}]`).join(',')}` }];
}

/** Those of the subnet, and the host itself where it has none; an unspecified one means that there is to be none at all. */
function nameServers({ dnsServers }: Subnet, family: 4 | 6, { hasDns }: DhcpSettings): readonly Ip[] {
  if (dnsServers.length === 0) return hasDns ? [family === 4 ? METADATA_IPV4 : METADATA_IPV6] : [];
  return dnsServers.filter((ip) => familyOf(ip) === family && !isUnspecified(ip));
}

import type { Cidr, Ip } from '@manx/ip';
import { allocationPools, hostRoutes, ipAddress, ipPrefix, nameservers } from './address-rules.js';
import type { Attribute, Declaration } from './declaration.js';
import type { StandardAttributes } from './resource.js';
import { serviceTypes } from './service-type-rule.js';
import { isSharedWith } from './sharing.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from './standard-attributes.js';
import { boolean, integer, nameText, oneOf, orNull, text, uuid } from './value-rule.js';

/** How a v6 subnet's instances get addresses (RFC 4862, RFC 8415), in Neutron's words. */
export type Ipv6ModeName = 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless';

/** One range of addresses that may be allocated, both ends counted. */
export type AllocationPool = { readonly start: Ip; readonly end: Ip };

/** A route that DHCP hands to instances (option 121). */
export type HostRoute = { readonly destination: Cidr; readonly nexthop: Ip };

/** A Neutron subnet: one prefix of the flat space (S13) and what is said to instances with an address in it (S26). */
export type Subnet = StandardAttributes & {
  readonly name: string;
  readonly network_id: string;
  readonly ip_version: 4 | 6;
  readonly cidr: Cidr;
  /** Never allocated to a port by itself; null: the subnet has none. */
  readonly gateway_ip: Ip | null;
  /** Sorted, disjoint, inside `cidr`, without the gateway. */
  readonly allocation_pools: readonly AllocationPool[];
  /** In the order given. */
  readonly dns_nameservers: readonly Ip[];
  readonly host_routes: readonly HostRoute[];
  readonly enable_dhcp: boolean;
  readonly ipv6_ra_mode: Ipv6ModeName | null;
  readonly ipv6_address_mode: Ipv6ModeName | null;
  readonly subnetpool_id: string | null;
  readonly segment_id: string | null;
  /** Device owners whose ports may have addresses of it; empty: any. */
  readonly service_types: readonly string[];
  readonly dns_publish_fixed_ip: boolean;
};

/** What a creation of a subnet asks for, decoded. What is absent, the rules of subnets decide. */
export type SubnetDraft = Pick<Subnet, 'project_id' | 'name' | 'description' | 'network_id' | 'ip_version' | 'enable_dhcp'> &
  Partial<
    Pick<
      Subnet,
      | 'gateway_ip'
      | 'allocation_pools'
      | 'dns_nameservers'
      | 'host_routes'
      | 'ipv6_ra_mode'
      | 'ipv6_address_mode'
      | 'segment_id'
      | 'service_types'
      | 'dns_publish_fixed_ip'
    >
  > & {
    readonly cidr?: Cidr | null;
    readonly prefixlen?: number;
    readonly subnetpool_id?: string | null;
    readonly use_default_subnetpool?: boolean;
  };

const MODES: readonly Ipv6ModeName[] = ['slaac', 'dhcpv6-stateful', 'dhcpv6-stateless'];

/** Subnets, declared. */
export const subnetDeclaration: Declaration<'subnet'> = {
  kind: 'subnet',
  collection: 'subnets',
  path: 'subnets',
  notFound: 'SubnetNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    ...ownerAttributes,
    network_id: { ...fixed('The network.', uuid), onCreate: 'required' },
    ip_version: { ...fixed('4 or 6.', oneOf([4, 6])), onCreate: 'required' },
    subnetpool_id: fixed('The subnet pool that its prefix is cut from.', orNull(text(255))),
    use_default_subnetpool: {
      ...fixed('Asks for a prefix of the default subnet pool of the family.', boolean),
      preset: false,
      seenBy: 'nobody',
      isFilter: false,
      isSortKey: false,
    },
    prefixlen: { ...fixed('Only with a subnet pool.', integer(0, 128)), seenBy: 'nobody', isFilter: false, isSortKey: false },
    cidr: fixed('The prefix; it may not overlap another subnet on any network.', orNull(ipPrefix)),
    gateway_ip: settable('The default gateway: the first address unless told; null for none.', orNull(ipAddress), undefined),
    allocation_pools: unsorted('Where addresses are allocated from: all but the gateway unless told.', allocationPools),
    dns_nameservers: unsorted('Name servers that instances are told of.', nameservers),
    host_routes: unsorted('Routes that instances are told of.', hostRoutes),
    enable_dhcp: settable('Whether instances get their addresses by DHCP or router advertisements.', boolean, true),
    ipv6_ra_mode: { ...fixed('Who advertises the router, and how addresses are had.', oneOf(MODES)), shown: { enum: [...MODES, null] } },
    ipv6_address_mode: { ...fixed('How addresses are had.', oneOf(MODES)), shown: { enum: [...MODES, null] } },
    service_types: unsorted('Device owners whose ports may have its addresses; none for any.', serviceTypes),
    dns_publish_fixed_ip: { ...unsorted('Whether names of its fixed IPs are to be published outside.', boolean), preset: false },
    segment_id: {
      ...fixed('The segment of its network whose hosts its addresses are for.', orNull(uuid)),
      onUpdate: 'optional',
    },
    'router:external': { ...told('Whether its network is external.', boolean), isSortKey: false },
    shared: { ...told('Filter: whether its network is shared.', boolean), seenBy: 'nobody', isSortKey: false },
    ...standardAttributes,
  },
  computed: {
    'router:external': (subnet, state) => state.get('network', subnet.network_id)?.['router:external'] === true,
    shared: (subnet, state, actor) => isSharedWith(state, subnet.network_id, actor.project_id),
  },
  filters: { ...changedSince },
  indexed: {
    project_id: 'subnet.project_id',
    network_id: 'subnet.network_id',
    segment_id: 'subnet.segment_id',
    subnetpool_id: 'subnet.subnetpool_id',
  },
};

/** Set at creation and never again. */
function fixed(doc: string, rule: Attribute['rule']): Attribute {
  return { doc, rule, onCreate: 'optional', onUpdate: 'refused', seenBy: 'all', isFilter: true, isSortKey: true };
}

/** A list: set at any time, neither filtered nor sorted by. */
function unsorted(doc: string, rule: Attribute['rule']): Attribute {
  return { doc, rule, onCreate: 'optional', onUpdate: 'optional', seenBy: 'all', isFilter: false, isSortKey: false };
}

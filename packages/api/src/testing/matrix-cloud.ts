import { type Change, idOf, RESOURCE_KINDS, type ResourceKind, type ResourceOf, type StandardAttributes } from '@manx/model';

/** Who owns what in the cloud of the matrix. The asker is always of `blue`. */
export type Place = {
  readonly name: string;
  /** The project of the resources, and of what they are on or a part of. */
  readonly owner: string;
  readonly above: string;
  /** Shared with everybody, as far as such a thing can be. */
  readonly isShared: boolean;
};

/** Own things; another's; another's that are shared; another's on what is ours; ours on what is another's. */
export const PLACES: readonly Place[] = [
  { name: 'own', owner: 'blue', above: 'blue', isShared: false },
  { name: 'foreign', owner: 'red', above: 'red', isShared: false },
  { name: 'shared', owner: 'red', above: 'red', isShared: true },
  { name: 'guest', owner: 'red', above: 'blue', isShared: false },
  { name: 'abroad', owner: 'blue', above: 'red', isShared: false },
];

/** The kinds that others belong to. */
const ABOVE: ReadonlySet<ResourceKind> = new Set(['network', 'security_group', 'qos_policy', 'floatingip', 'port']);

/** The kinds that can be shared, but for networks, which do what is on them as well. */
export const SHAREABLE: ReadonlySet<ResourceKind> = new Set([
  'network',
  'security_group',
  'qos_policy',
  'address_group',
  'address_scope',
  'subnetpool',
]);

/** The id of the place's resource of a kind; with `above`, of the one that others there belong to. */
export const placeId = (place: Place, kind: ResourceKind, isAbove = false): string =>
  idOf(`${place.name} ${kind}${isAbove ? ' above' : ''}`);

/** Everything of every place: one resource of each kind, and one more of the kinds that others belong to. */
export const matrixChanges = (): Change[] =>
  PLACES.flatMap((place, at) =>
    RESOURCE_KINDS.flatMap((kind): Change[] => [
      put(kind, { ...seed(kind, place, at), id: placeId(place, kind), project_id: place.owner }),
      ...(ABOVE.has(kind) ? [put(kind, { ...seed(kind, place, at + 10), id: placeId(place, kind, true), project_id: place.above })] : []),
      ...(place.isShared && SHAREABLE.has(kind) ? [sharing(kind, place, false), sharing(kind, place, true)] : []),
    ]),
  );

const put = (kind: ResourceKind, value: object): Change =>
  ({ op: 'put', kind, id: (value as { id: string }).id, value: { ...STANDARD, ...value } }) as Change;

const STANDARD = {
  name: 'thing',
  description: '',
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  revision_number: 1,
};

const sharing = (kind: ResourceKind, place: Place, isAbove: boolean): Change =>
  put('rbac_policy', {
    id: idOf(`${place.name} ${kind} ${isAbove} shared`),
    project_id: place.owner,
    object_type: kind,
    object_id: placeId(place, kind, isAbove),
    action: 'access_as_shared',
    target_project: '*',
  });

/** What a kind has besides the standard attributes; addresses and other such text need not be of their own types. */
type Seed<K extends ResourceKind> = { readonly [A in keyof Omit<ResourceOf[K], keyof StandardAttributes | 'name'>]: unknown };

/** What the kinds need to be listed and shown. */
const seed = (kind: ResourceKind, place: Place, at: number): object => {
  const above = (other: ResourceKind): string => placeId(place, other, true);
  const seeds: { readonly [K in ResourceKind]: Seed<K> } = {
    network: {
      admin_state_up: true,
      mtu: 1500,
      status: 'ACTIVE',
      'router:external': false,
      is_default: false,
      port_security_enabled: true,
      availability_zone_hints: [],
      dns_domain: '',
      qos_policy_id: null,
      'provider:network_type': 'local',
      'provider:physical_network': null,
    },
    subnet: {
      network_id: above('network'),
      ip_version: 4,
      cidr: `10.${at}.0.0/24`,
      gateway_ip: `10.${at}.0.1`,
      allocation_pools: [],
      dns_nameservers: [],
      host_routes: [],
      enable_dhcp: true,
      ipv6_ra_mode: null,
      ipv6_address_mode: null,
      subnetpool_id: null,
      segment_id: null,
      service_types: [],
      dns_publish_fixed_ip: false,
    },
    port: {
      network_id: above('network'),
      admin_state_up: true,
      mac_address: `fa:16:3e:00:00:${10 + at}`,
      fixed_ips: [],
      ip_allocation: 'immediate',
      device_id: '',
      device_owner: '',
      status: 'DOWN',
      security_groups: [],
      port_security_enabled: true,
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
    },
    segment: { network_id: above('network'), network_type: 'local', physical_network: null, segmentation_id: null },
    port_binding: { port_id: above('port'), host: 'h1', vif_type: 'tap', vnic_type: 'normal', profile: {}, status: 'INACTIVE' },
    security_group: { stateful: true },
    security_group_rule: { security_group_id: above('security_group'), ...ANYTHING },
    default_security_group_rule: { ...ANYTHING, used_in_default_sg: true, used_in_non_default_sg: true },
    address_scope: { ip_version: 4 },
    subnetpool: {
      ip_version: 4,
      prefixes: ['172.16.0.0/12'],
      default_prefixlen: 24,
      min_prefixlen: 8,
      max_prefixlen: 32,
      default_quota: null,
      address_scope_id: null,
      is_default: false,
    },
    address_group: { addresses: [] },
    qos_policy: { is_default: false },
    qos_bandwidth_limit_rule: { qos_policy_id: above('qos_policy'), max_kbps: 1, max_burst_kbps: 1, direction: 'egress' },
    qos_packet_rate_limit_rule: { qos_policy_id: above('qos_policy'), max_kpps: 1, max_burst_kpps: 1, direction: 'egress' },
    qos_dscp_marking_rule: { qos_policy_id: above('qos_policy'), dscp_mark: 8 },
    qos_minimum_bandwidth_rule: { qos_policy_id: above('qos_policy'), min_kbps: 1, direction: 'egress' },
    qos_minimum_packet_rate_rule: { qos_policy_id: above('qos_policy'), min_kpps: 1, direction: 'egress' },
    router: { admin_state_up: true, status: 'ACTIVE', gateway: null, routes: [], availability_zone_hints: [], flavor_id: null },
    floatingip: {
      floating_network_id: above('network'),
      floating_ip_address: `192.0.2.${10 + at}`,
      floating_port_id: '',
      router_id: null,
      port_id: null,
      fixed_ip_address: null,
      dns_name: '',
      dns_domain: '',
      qos_policy_id: null,
    },
    port_forwarding: {
      floatingip_id: above('floatingip'),
      protocol: 'tcp',
      internal_port_id: above('port'),
      internal_ip_address: '10.0.0.9',
      internal_first_port: 1,
      internal_last_port: 1,
      external_first_port: 1,
      external_last_port: 1,
    },
    rbac_policy: { object_type: 'network', object_id: placeId(place, 'network'), action: 'access_as_shared', target_project: 'green' },
    log: { resource_type: 'security_group', resource_id: null, target_id: null, event: 'ALL', enabled: true },
    bgp_peer: { peer_ip: `192.0.2.${100 + at}`, remote_as: 65_001, auth_type: 'none', password: null },
    bgp_speaker: {
      local_as: 65_000,
      ip_version: 4,
      advertise_floating_ip_host_routes: true,
      advertise_tenant_networks: true,
      peers: [],
      networks: [],
    },
    agent: { host: `host-${at}`, admin_state_up: true },
    quota: { limits: {} },
    auto_allocated_topology: { network_id: above('network'), router_id: null },
  };
  return seeds[kind];
};

const ANYTHING = {
  direction: 'egress',
  ethertype: 'IPv4',
  protocol: null,
  port_range_min: null,
  port_range_max: null,
  remote_group_id: null,
  remote_address_group_id: null,
  remote_ip_prefix: null,
};

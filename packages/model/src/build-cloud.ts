import { asCidr, asIp, cidrContains, cidrFirst, cidrLast, familyOf, type Ip, type Mac, nextIp, offsetIp } from '@manx/ip';
import { applyChanges } from './apply-changes.js';
import { type Change, put } from './commit.js';
import type { Network } from './network.js';
import type { Port } from './port.js';
import type { StandardAttributes } from './resource.js';
import type { SecurityGroupRule } from './security-group-rule.js';
import { EVERYONE } from './sharing.js';
import { State } from './state.js';
import type { Subnet } from './subnet.js';

/** A network in a few words; its subnets by name. */
export type NetworkSpec = Partial<Pick<Network, 'project_id' | 'mtu' | 'admin_state_up'>> & {
  /** With everyone: an RBAC policy beside the network. */
  readonly shared?: boolean;
  readonly subnets?: { readonly [name: string]: string | (Partial<Subnet> & { readonly cidr: Subnet['cidr'] }) };
};

/** A rule in a few words; `group` names a remote group. */
export type RuleSpec = Partial<
  Pick<SecurityGroupRule, 'ethertype' | 'protocol' | 'port_range_min' | 'port_range_max' | 'remote_ip_prefix'>
> & {
  readonly direction: SecurityGroupRule['direction'];
  readonly group?: string;
};

/** A port in a few words: addresses as text, each of a subnet of its network; groups by name, the project's default group unless told. */
export type PortSpec = Partial<Omit<Port, 'fixed_ips' | 'security_groups' | 'network_id'>> & {
  readonly network: string;
  readonly ips?: readonly string[];
  readonly host?: string;
  readonly groups?: readonly string[];
};

/** A whole cloud in a few words, by name. */
export type CloudSpec = {
  readonly networks?: { readonly [name: string]: NetworkSpec };
  readonly groups?: { readonly [name: string]: { readonly project_id?: string; readonly rules?: readonly RuleSpec[] } };
  readonly ports?: { readonly [name: string]: PortSpec };
};

/** The project of whatever a spec gives none. */
export const EXAMPLE_PROJECT = 'a0000000000000000000000000000001';

/** The id of the thing with this name in a built cloud: a UUID that only depends on the name. A project's default group is `default of PROJECT`. */
export function idOf(name: string): string {
  const hex = [0x811c9dc5, 0x01000193, 0x9e3779b9, 0x85ebca6b].map((seed) => hash(name, seed).toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The changes that make the cloud out of nothing, in an order in which what is referred to comes first. For tests and examples. */
export function cloudChanges(spec: CloudSpec): Change[] {
  return [
    ...networkChanges(spec),
    ...groupChanges(spec),
    ...Object.entries(spec.ports ?? {}).map(([name, port]) => portChange(spec, name, port)),
  ];
}

/** The cloud as a state: for the tests of every room that reads one. The spec is trusted, nothing of it is checked. */
export function buildCloud(spec: CloudSpec): State {
  const state = new State();
  applyChanges(state, cloudChanges(spec));
  return state;
}

/** FNV-1a (32 bits), started elsewhere for each quarter of an id. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}

function standard(name: string, project: string | undefined): StandardAttributes & { readonly name: string } {
  const at = '2026-01-01T00:00:00Z';
  return {
    id: idOf(name),
    name,
    project_id: project ?? EXAMPLE_PROJECT,
    description: '',
    created_at: at,
    updated_at: at,
    revision_number: 1,
  };
}

/** What a network has that nobody asked for. */
const NETWORK_DEFAULTS = {
  admin_state_up: true,
  mtu: 1500,
  status: 'ACTIVE',
  'router:external': false,
  is_default: false,
  port_security_enabled: true,
  'provider:network_type': 'local',
  'provider:physical_network': null,
  availability_zone_hints: [],
  dns_domain: '',
  qos_policy_id: null,
} as const;

/** What a port has that nobody asked for. */
const PORT_DEFAULTS = {
  port_security_enabled: true,
  allowed_address_pairs: [],
  extra_dhcp_opts: [],
  qos_policy_id: null,
  dns_name: '',
  dns_domain: '',
  propagate_uplink_status: true,
  numa_affinity_policy: null,
  hints: null,
  ip_allocation: 'immediate',
} as const;

function networkChanges({ networks = {} }: CloudSpec): Change[] {
  return Object.entries(networks).flatMap(([name, { subnets = {}, project_id, shared = false, ...rest }]) => [
    put('network', { ...standard(name, project_id), ...NETWORK_DEFAULTS, ...rest }),
    ...(shared ? [sharing(name, project_id)] : []),
    ...Object.entries(subnets).map(([subnet, given]) =>
      subnetChange(subnet, typeof given === 'string' ? { cidr: asCidr(given) } : given, { name, project_id }),
    ),
  ]);
}

/** The RBAC policy that shares a network with everyone. */
function sharing(network: string, project: string | undefined): Change {
  const { name: _, ...common } = standard(`sharing of ${network}`, project);
  const opening = { object_type: 'network', object_id: idOf(network), action: 'access_as_shared', target_project: EVERYONE } as const;
  return put('rbac_policy', { ...common, ...opening });
}

function subnetChange(
  name: string,
  given: Partial<Subnet> & Pick<Subnet, 'cidr'>,
  network: { name: string; project_id: string | undefined },
): Change {
  const family = familyOf(given.cidr);
  const gateway = nextIp(cidrFirst(given.cidr));
  const end = family === 4 ? offsetIp(cidrLast(given.cidr), -1n) : cidrLast(given.cidr);
  const start = gateway === null ? null : nextIp(gateway);
  return put('subnet', {
    ...standard(name, network.project_id),
    network_id: idOf(network.name),
    ip_version: family,
    gateway_ip: gateway,
    allocation_pools: start === null || end === null ? [] : [{ start, end }],
    dns_nameservers: [],
    host_routes: [],
    enable_dhcp: true,
    ipv6_ra_mode: family === 6 ? 'slaac' : null,
    ipv6_address_mode: family === 6 ? 'slaac' : null,
    subnetpool_id: null,
    segment_id: null,
    service_types: [],
    dns_publish_fixed_ip: false,
    ...given,
  });
}

function groupChanges({ networks = {}, groups = {}, ports = {} }: CloudSpec): Change[] {
  const owners = [...Object.values(networks), ...Object.values(groups), ...Object.values(ports)];
  const projects = new Set(owners.map(({ project_id }) => project_id ?? EXAMPLE_PROJECT));
  const defaults = [...projects].flatMap((project) => {
    const name = defaultOf(project);
    const rules = (['IPv4', 'IPv6'] as const).flatMap((ethertype): RuleSpec[] => [
      { direction: 'egress', ethertype },
      { direction: 'ingress', ethertype, group: name },
    ]);
    return groupOf(name, { project_id: project, rules }, 'default');
  });
  return [...defaults, ...Object.entries(groups).flatMap(([name, group]) => groupOf(name, group, name))];
}

function defaultOf(project: string): string {
  return `default of ${project}`;
}

function groupOf(key: string, group: { readonly project_id?: string; readonly rules?: readonly RuleSpec[] }, name: string): Change[] {
  const rules = (group.rules ?? []).map(({ group: remote, ...rule }, at): Change => {
    const { name: _, ...common } = standard(`${key} rule ${at}`, group.project_id);
    return put('security_group_rule', {
      ...common,
      security_group_id: idOf(key),
      ethertype: 'IPv4',
      protocol: null,
      port_range_min: null,
      port_range_max: null,
      remote_ip_prefix: null,
      remote_address_group_id: null,
      remote_group_id: remote === undefined ? null : idOf(remote),
      ...rule,
    });
  });
  return [put('security_group', { ...standard(key, group.project_id), name, stateful: true }), ...rules];
}

function portChange(spec: CloudSpec, name: string, given: PortSpec): Change {
  const { network, ips = [], host = '', groups, project_id, ...rest } = given;
  const tail = hash(name, 0x811c9dc5).toString(16).padStart(8, '0');
  const mac = `fa:16:3e:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}` as Mac;
  const owner = project_id ?? spec.networks?.[network]?.project_id ?? EXAMPLE_PROJECT;
  return put('port', {
    ...standard(name, owner),
    network_id: idOf(network),
    admin_state_up: true,
    mac_address: mac,
    fixed_ips: ips.map((ip) => ({ subnet_id: subnetWith(spec, network, asIp(ip)), ip_address: asIp(ip) })),
    device_id: '',
    device_owner: host === '' ? '' : 'compute:nova',
    status: host === '' ? 'DOWN' : 'ACTIVE',
    security_groups: (groups ?? [defaultOf(owner)]).map(idOf).sort(),
    'binding:host_id': host,
    'binding:vnic_type': 'normal',
    'binding:profile': {},
    'binding:vif_type': host === '' ? 'unbound' : 'tap',
    ...PORT_DEFAULTS,
    ...rest,
  });
}

/** The id of the network's subnet that the address lies in. */
function subnetWith(spec: CloudSpec, network: string, ip: Ip): string {
  const subnets = Object.entries(spec.networks?.[network]?.subnets ?? {});
  const found = subnets.find(([, subnet]) => cidrContains(typeof subnet === 'string' ? asCidr(subnet) : subnet.cidr, ip));
  if (found === undefined) throw new RangeError(`no subnet of ${network} has the address ${ip}`);
  return idOf(found[0]);
}

import type {
  AddressGroup,
  Agent,
  BgpPeer,
  BgpSpeaker,
  FloatingIp,
  Network,
  NetworkLog,
  Port,
  PortBinding,
  PortForwarding,
  ResourceOf,
  Router,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
} from '@manx/model';

const STANDARD = {
  project_id: 'p',
  description: '',
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  revision_number: 1,
} as const;

/** Loosened for tests: what is wrong on purpose is written as plain text. */
type Loose<T> = { readonly [K in keyof T]?: unknown };

/** A network, up, of 1500 bytes. */
export function network(id: string, more: Loose<Network> = {}): Network {
  return {
    ...STANDARD,
    id,
    name: id,
    admin_state_up: true,
    mtu: 1500,
    status: 'ACTIVE',
    qos_policy_id: null,
    dns_domain: '',
    ...more,
  } as Network;
}

/** The agent of a host, which may have said what its instances listen to. */
export function agent(id: string, host: string, more: Loose<Agent> = {}): Agent {
  return { ...STANDARD, id, host, admin_state_up: true, ...more } as Agent;
}

/** A BGP peer of IPv4 without a password. */
export function bgpPeer(id: string, more: Loose<BgpPeer> = {}): BgpPeer {
  return { ...STANDARD, id, name: id, peer_ip: '198.18.0.1', remote_as: 65_001, auth_type: 'none', password: null, ...more } as BgpPeer;
}

/** A BGP speaker of IPv4 that announces everything to these peers. */
export function bgpSpeaker(id: string, peers: readonly string[], more: Loose<BgpSpeaker> = {}): BgpSpeaker {
  const flags = { advertise_floating_ip_host_routes: true, advertise_tenant_networks: true };
  return { ...STANDARD, id, name: id, local_as: 65_000, ip_version: 4, ...flags, peers, networks: [], ...more } as BgpSpeaker;
}

/** A log of all that happens, on; of the project's ports unless it says whose. */
export function log(id: string, more: Loose<NetworkLog> = {}): NetworkLog {
  const whose = { resource_type: 'security_group', resource_id: null, target_id: null };
  return { ...STANDARD, id, name: id, ...whose, event: 'ALL', enabled: true, ...more } as NetworkLog;
}

/** A subnet with DHCP, of a network. */
export function subnet(id: string, more: Loose<Subnet> = {}): Subnet {
  return {
    ...STANDARD,
    id,
    name: id,
    network_id: 'net-a',
    ip_version: 4,
    cidr: '10.65.0.0/24',
    gateway_ip: '10.65.0.1',
    allocation_pools: [],
    dns_nameservers: [],
    host_routes: [],
    enable_dhcp: true,
    ipv6_ra_mode: null,
    ipv6_address_mode: null,
    ...more,
  } as unknown as Subnet;
}

/** A port, bound to host h1, without addresses or groups; of no project, so that it has no names unless told. */
export function port(id: string, more: Loose<Port> = {}): Port {
  return {
    ...STANDARD,
    project_id: '',
    id,
    name: id,
    network_id: 'net-a',
    admin_state_up: true,
    mac_address: 'fa:16:3e:00:00:01',
    fixed_ips: [],
    device_id: '',
    device_owner: '',
    status: 'DOWN',
    security_groups: [],
    'binding:host_id': 'h1',
    'binding:vnic_type': 'normal',
    'binding:profile': {},
    'binding:vif_type': 'tap',
    port_security_enabled: true,
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    qos_policy_id: null,
    dns_name: '',
    dns_domain: '',
    ...more,
  } as unknown as Port;
}

/** A binding of a port to a host beside its own: waiting, or where it was before. */
export function binding(id: string, port_id: string, more: Loose<PortBinding> = {}): PortBinding {
  return {
    ...STANDARD,
    id,
    port_id,
    host: 'h2',
    vif_type: 'tap',
    vnic_type: 'normal',
    profile: {},
    status: 'INACTIVE',
    ...more,
  } as unknown as PortBinding;
}

/** An address of a port. */
export function fixedIp(ip_address: string, subnet_id: string): { readonly ip_address: string; readonly subnet_id: string } {
  return { ip_address, subnet_id };
}

/** A group without rules. */
export function group(id: string, stateful = true): SecurityGroup {
  return { ...STANDARD, id, name: id, stateful };
}

/** A rule that allows everything of IPv4 in. */
export function rule(id: string, security_group_id: string, more: Loose<SecurityGroupRule> = {}): SecurityGroupRule {
  return {
    ...STANDARD,
    id,
    security_group_id,
    direction: 'ingress',
    ethertype: 'IPv4',
    protocol: null,
    port_range_min: null,
    port_range_max: null,
    remote_group_id: null,
    remote_ip_prefix: null,
    remote_address_group_id: null,
    ...more,
  } as SecurityGroupRule;
}

/** A group of these prefixes. */
export function addressGroup(id: string, ...addresses: readonly string[]): AddressGroup {
  return { ...STANDARD, id, name: id, addresses } as unknown as AddressGroup;
}

/** A router, up, with a gateway to an external network and source NAT. */
export function router(id: string, more: Loose<Router> = {}): Router {
  return {
    ...STANDARD,
    id,
    name: id,
    admin_state_up: true,
    status: 'ACTIVE',
    gateway: { network_id: 'net-ext', port_id: `gateway-of-${id}`, enable_snat: true },
    routes: [],
    availability_zone_hints: [],
    flavor_id: null,
    ...more,
  } as unknown as Router;
}

/** The port by which a router is on a subnet, with its gateway's address unless told. */
export function routerInterface(id: string, router: string, more: Loose<Port> = {}): Port {
  const fixed_ips = [fixedIp('10.65.0.1', 'sub4')];
  return port(id, { device_owner: 'network:router_interface', device_id: router, 'binding:host_id': '', fixed_ips, ...more });
}

/** A floating IP, 203.0.113.5 unless told, that stands for nothing unless told, by router `r`. */
export function floatingIp(id: string, more: Loose<FloatingIp> = {}): FloatingIp {
  return {
    ...STANDARD,
    id,
    floating_network_id: 'net-ext',
    floating_ip_address: '203.0.113.5',
    floating_port_id: `port-of-${id}`,
    router_id: 'r',
    port_id: null,
    fixed_ip_address: null,
    dns_name: '',
    dns_domain: '',
    qos_policy_id: null,
    ...more,
  } as unknown as FloatingIp;
}

/** A forwarding of TCP port 80 to 8080 of a port's address. */
export function forwarding(id: string, floatingip_id: string, more: Loose<PortForwarding> = {}): PortForwarding {
  return {
    ...STANDARD,
    id,
    floatingip_id,
    protocol: 'tcp',
    internal_port_id: 'port-1',
    internal_ip_address: '10.65.0.2',
    internal_first_port: 8080,
    internal_last_port: 8080,
    external_first_port: 80,
    external_last_port: 80,
    ...more,
  } as unknown as PortForwarding;
}

/** A QoS rule of a policy: its own attributes are given. */
export function qosRule<K extends 'qos_bandwidth_limit_rule' | 'qos_packet_rate_limit_rule' | 'qos_dscp_marking_rule'>(
  id: string,
  qos_policy_id: string,
  more: Loose<ResourceOf[K]>,
): ResourceOf[K] {
  return { ...STANDARD, id, qos_policy_id, ...more } as unknown as ResourceOf[K];
}

import type { Network, Port, SecurityGroup, SecurityGroupRule, Subnet } from '@manx/model';

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
  return { ...STANDARD, id, name: id, admin_state_up: true, shared: false, mtu: 1500, status: 'ACTIVE', ...more } as Network;
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

/** A port, bound to host h1, without addresses or groups. */
export function port(id: string, more: Loose<Port> = {}): Port {
  return {
    ...STANDARD,
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
    ...more,
  } as unknown as Port;
}

/** An address of a port. */
export function fixedIp(ip_address: string, subnet_id: string): { readonly ip_address: string; readonly subnet_id: string } {
  return { ip_address, subnet_id };
}

/** A group without rules. */
export function group(id: string): SecurityGroup {
  return { ...STANDARD, id, name: id };
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
    ...more,
  } as SecurityGroupRule;
}

import { quotaUsage, type Subnet } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { message, outcome } from '../test-bench.js';
import { ADMIN, RoutingBench, STRANGER, TENANT } from './routing-bench.js';

const subnet6 = (bench: RoutingBench, cidr: string): Subnet =>
  bench.made('subnet', { network_id: bench.network, ip_version: 6, cidr }, TENANT);

describe('router interfaces', () => {
  it("by subnet are a port with the subnet's gateway address, bound to no host (S1, S5: hosts answer for it)", () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    const answer = bench.acted('add_router_interface', id, { subnet_id: bench.inside.id });
    const port = bench.the('port', String(answer['port_id']));
    expect(answer).toEqual({
      id,
      tenant_id: 'tenant',
      project_id: 'tenant',
      port_id: port.id,
      network_id: bench.network,
      subnet_id: bench.inside.id,
      subnet_ids: [bench.inside.id],
    });
    expect(port).toMatchObject({
      device_id: id,
      device_owner: 'network:router_interface',
      project_id: 'tenant',
      status: 'ACTIVE',
      security_groups: [],
      fixed_ips: [{ subnet_id: bench.inside.id, ip_address: '10.0.0.1' }],
      'binding:host_id': '',
    });
    expect(bench.the('router', id).revision_number).toBe(2);
  });

  it('by port make an unused port the interface, whatever its address', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    const answer = bench.acted('add_router_interface', id, { port_id: bench.port });
    expect(answer).toMatchObject({ id, port_id: bench.port, subnet_id: bench.inside.id, subnet_ids: [bench.inside.id] });
    expect(bench.the('port', bench.port)).toMatchObject({ device_id: id, device_owner: 'network:router_interface' });
    const other = bench.made('router', {}, TENANT).id;
    expect(outcome(bench.act('add_router_interface', other, { port_id: bench.port }))).toBe('409 PortInUse');
  });

  it('a port that was plugged in is so no longer: hosts play it', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    const { id: port } = bench.made('port', { network_id: bench.network, 'binding:host_id': 'h1' });
    bench.acted('add_router_interface', id, { port_id: port }, ADMIN);
    expect(bench.the('port', port)).toMatchObject({ 'binding:host_id': '', 'binding:vif_type': 'unbound' });
  });

  it('refuses bodies that name neither, both, or no id', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const none = '99999999-9999-4999-8999-999999999999';
    const both = { subnet_id: bench.inside.id, port_id: bench.port };
    for (const body of [null, undefined, [], 'x', {}, { subnet: 1 }, { subnet_id: null }, { port_id: 'x' }, both]) {
      expect(outcome(bench.act('add_router_interface', id, body))).toBe('400 BadRequest');
    }
    expect(outcome(bench.act('add_router_interface', id, { subnet_id: none }))).toBe('404 SubnetNotFound');
    expect(outcome(bench.act('add_router_interface', id, { port_id: none }))).toBe('404 PortNotFound');
    expect(outcome(bench.act('remove_router_interface', id, { subnet_id: none }))).toBe('404 SubnetNotFound');
    expect(outcome(bench.act('remove_router_interface', id, { port_id: none }))).toBe('404 RouterInterfaceNotFound');
    expect(outcome(bench.act('remove_router_interface', id, {}))).toBe('400 BadRequest');
  });

  it('by port with the gateway’s address, of a port made for it', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    const port = bench.made('port', { network_id: bench.network, fixed_ips: [{ ip_address: '10.0.0.1' }] }, TENANT);
    expect(bench.acted('add_router_interface', id, { port_id: port.id })).toMatchObject({ port_id: port.id, subnet_id: bench.inside.id });
    expect(outcome(bench.put('port', port.id, { device_owner: 'compute:nova' }))).not.toBe('taken');
  });

  it('a subnet is connected once, and only with a gateway address that is free', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    expect(message(bench.act('add_router_interface', id, { subnet_id: bench.inside.id }))).toContain('already has a port on subnet');
    const other = bench.made('router', {}, TENANT).id;
    expect(outcome(bench.act('add_router_interface', other, { subnet_id: bench.inside.id }))).toBe('409 IpAddressInUse');
    const lone = bench.made('subnet', { network_id: bench.network, ip_version: 4, cidr: '10.1.0.0/24', gateway_ip: null }, TENANT);
    expect(outcome(bench.act('add_router_interface', id, { subnet_id: lone.id }))).toBe('400 BadRequest');
    expect(outcome(bench.act('add_router_interface', id, { subnet_id: bench.outside.id }, ADMIN))).toBe('400 BadRequest');
  });

  it('IPv6 prefixes of one network share a port, and are removed one by one', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    const [a, b] = [subnet6(bench, '2001:db8:a::/64'), subnet6(bench, '2001:db8:b::/64')];
    const first = bench.acted('add_router_interface', id, { subnet_id: a.id });
    const second = bench.acted('add_router_interface', id, { subnet_id: b.id });
    expect(second).toMatchObject({ port_id: first['port_id'], subnet_ids: [b.id] });
    const port = String(first['port_id']);
    expect(bench.the('port', port).fixed_ips.map(({ ip_address }) => ip_address)).toEqual(['2001:db8:a::1', '2001:db8:b::1']);
    const third = bench.made('port', { network_id: bench.network, fixed_ips: [{ subnet_id: a.id }] }, TENANT).id;
    expect(message(bench.act('add_router_interface', id, { port_id: third }))).toContain('already contains IPv6 port');
    expect(bench.acted('remove_router_interface', id, { subnet_id: a.id })).toMatchObject({ port_id: port, subnet_id: a.id });
    expect(bench.the('port', port).fixed_ips).toHaveLength(1);
    bench.acted('remove_router_interface', id, { port_id: port, subnet_id: b.id });
    expect(bench.state.get('port', port)).toBeUndefined();
  });

  it('a port without an address, or with two IPv4 subnets, is none', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    const second = bench.made('subnet', { network_id: bench.network, ip_version: 4, cidr: '10.1.0.0/24' }, TENANT);
    const empty = bench.made('port', { network_id: bench.network, fixed_ips: [] }, TENANT).id;
    const fixed_ips = [{ subnet_id: bench.inside.id }, { subnet_id: second.id }];
    const wide = bench.made('port', { network_id: bench.network, fixed_ips }, TENANT).id;
    expect(message(bench.act('add_router_interface', id, { port_id: empty }))).toContain('at least one fixed IP');
    expect(message(bench.act('add_router_interface', id, { port_id: wide }))).toContain('multiple IPv4 subnets');
  });

  it('are removed by what they are, and by nothing else', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const port = [...bench.state.by('port.device_id', id)].find((p) => p.device_owner === 'network:router_interface')?.id ?? '';
    const other = bench.made('subnet', { network_id: bench.network, ip_version: 4, cidr: '10.1.0.0/24' }, TENANT);
    expect(outcome(bench.act('remove_router_interface', id, { subnet_id: other.id }))).toBe('404 RouterInterfaceNotFoundForSubnet');
    expect(outcome(bench.act('remove_router_interface', id, { port_id: port, subnet_id: other.id }))).toBe('400 SubnetMismatchForPort');
    expect(outcome(bench.act('remove_router_interface', id, { port_id: bench.port }))).toBe('404 RouterInterfaceNotFound');
    expect(bench.acted('remove_router_interface', id, { port_id: port })).toMatchObject({ port_id: port, subnet_id: bench.inside.id });
    expect(bench.state.get('port', port)).toBeUndefined();
  });

  it('a subnet that is merely shared with everyone is not for others to connect; one shared by name is', () => {
    const bench = new RoutingBench();
    const { id: network } = bench.made('network', { shared: true });
    const { id: subnet } = bench.made('subnet', { network_id: network, ip_version: 4, cidr: '10.7.0.0/24' });
    const { id } = bench.made('router', {}, TENANT);
    expect(outcome(bench.act('add_router_interface', id, { subnet_id: subnet }))).toBe('400 BadRequest');
    const opening = { object_type: 'network', object_id: network, action: 'access_as_shared', target_tenant: 'tenant' };
    bench.made('rbac_policy', opening);
    expect(outcome(bench.act('add_router_interface', id, { subnet_id: subnet }))).toBe('taken');
  });

  it('none is made of what the actor may not see', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, STRANGER);
    expect(outcome(bench.act('add_router_interface', id, { subnet_id: bench.inside.id }, STRANGER))).toBe('404 SubnetNotFound');
    expect(outcome(bench.act('add_router_interface', id, { port_id: bench.port }, STRANGER))).toBe('404 PortNotFound');
  });

  it('hold their subnet, their network and themselves', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const ports = bench.state.by('port.device_id', id);
    for (const port of ports) expect(outcome(bench.del('port', port.id))).toBe('409 ServicePortInUse');
    bench.del('port', bench.port);
    expect(outcome(bench.del('subnet', bench.inside.id))).toBe('409 SubnetInUse');
    expect(outcome(bench.del('network', bench.network))).toBe('409 NetworkInUse');
    expect(outcome(bench.del('network', bench.external))).toBe('409 NetworkInUse');
    expect(outcome(bench.put('subnet', bench.inside.id, { gateway_ip: '10.0.0.250', allocation_pools: [] }))).toBe('409 GatewayIpInUse');
    expect(outcome(bench.put('network', bench.external, { 'router:external': false }))).toBe('409 ExternalNetworkInUse');
  });

  it('count in the port quota of their project, and are not made beyond it; gateways and floating IPs belong to no project’s', () => {
    const bench = new RoutingBench();
    const limitTo = (port: number): unknown =>
      bench.run({ op: 'set_quota', project_id: 'tenant', update: { limits: { port }, check_limit: false } });
    const used = (): number => quotaUsage(bench.state, 'tenant', 'port');
    limitTo(1);
    const { id } = bench.made('router', { external_gateway_info: { network_id: bench.external } }, TENANT);
    bench.made('floatingip', { floating_network_id: bench.external }, TENANT);
    expect(used()).toBe(1);
    const refused = bench.act('add_router_interface', id, { subnet_id: bench.inside.id });
    expect([outcome(refused), message(refused)]).toEqual(['409 OverQuota', "Quota exceeded for resources: ['port']."]);
    limitTo(2);
    bench.acted('add_router_interface', id, { subnet_id: bench.inside.id });
    expect(used()).toBe(2);
    // A second prefix of IPv6 shares the first one's port, and a port that is there already is no more ports.
    limitTo(3);
    for (const cidr of ['2001:db8:1::/64', '2001:db8:2::/64']) {
      bench.acted('add_router_interface', id, { subnet_id: subnet6(bench, cidr).id });
      expect(used()).toBe(3);
    }
    bench.acted('remove_router_interface', id, { subnet_id: bench.inside.id });
    expect(used()).toBe(2);
  });
});

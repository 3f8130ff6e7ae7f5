import { EVERYTHING, isProblem, list, view } from '@manx/model';
import { defaultPolicy } from '@manx/policy';
import { describe, expect, it } from 'vitest';
import { message, outcome } from '../test-bench.js';
import { ADMIN, RoutingBench, STRANGER, TENANT } from './routing-bench.js';

/** A floating IP as an administrator's answer shows it. */
const shown = (bench: RoutingBench, id: string) =>
  view('floatingip', bench.the('floatingip', id), { state: bench.state, actor: ADMIN, policy: defaultPolicy, fields: [] });

describe('floating IPs', () => {
  it('hold an address of the external network by a port of its own, that no other port can have (S14)', () => {
    const bench = new RoutingBench();
    const floatingIp = bench.made('floatingip', { floating_network_id: bench.external }, TENANT);
    const port = bench.the('port', floatingIp.floating_port_id);
    expect(floatingIp).toMatchObject({ project_id: 'tenant', port_id: null, fixed_ip_address: null, router_id: null });
    expect(port).toMatchObject({
      device_owner: 'network:floatingip',
      device_id: floatingIp.id,
      project_id: '',
      status: 'N/A',
      fixed_ips: [{ subnet_id: bench.outside.id, ip_address: floatingIp.floating_ip_address }],
    });
    const fixed_ips = [{ ip_address: floatingIp.floating_ip_address }];
    expect(outcome(bench.post('port', { network_id: bench.external, fixed_ips }))).toBe('409 IpAddressInUse');
    expect(outcome(bench.del('floatingip', floatingIp.id, TENANT))).toBe('taken');
    expect(outcome(bench.post('port', { network_id: bench.external, fixed_ips }))).toBe('taken');
  });

  it('take a given address or subnet of the network, and nothing else', () => {
    const bench = new RoutingBench();
    const post = (body: object) => bench.post('floatingip', { floating_network_id: bench.external, ...body });
    const made = bench.made('floatingip', {
      floating_network_id: bench.external,
      subnet_id: bench.outside.id,
      floating_ip_address: '203.0.113.99',
    });
    expect(made.floating_ip_address).toBe('203.0.113.99');
    expect(outcome(post({ floating_ip_address: '203.0.113.99' }))).toBe('409 IpAddressInUse');
    expect(outcome(post({ floating_ip_address: bench.outside.gateway_ip }))).toBe('409 IpAddressInUse');
    expect(outcome(post({ floating_ip_address: '10.0.0.77' }))).toBe('400 InvalidIpForNetwork');
    expect(outcome(post({ subnet_id: bench.outside6.id }))).toBe('400 ExternalIpAddressExhausted');
    expect(outcome(post({ subnet_id: bench.inside.id }))).toBe('400 InvalidInput');
    expect(outcome(post({ floating_network_id: bench.network }))).toBe('400 BadRequest');
    expect(outcome(post({ floating_network_id: bench.port }))).toBe('404 NetworkNotFound');
    expect(outcome(post({ qos_policy_id: bench.port }))).toBe('404 QosPolicyNotFound');
    const given = { floating_network_id: bench.external, floating_ip_address: '203.0.113.98' };
    expect(outcome(bench.post('floatingip', given, TENANT))).toBe('403 PolicyNotAuthorized');
  });

  it('a network without IPv4 gives none', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('network', { 'router:external': true });
    bench.made('subnet', { network_id: id, ip_version: 6, cidr: '2001:db8:1::/64' });
    expect(message(bench.post('floatingip', { floating_network_id: id }))).toContain('does not contain any IPv4 subnet');
  });

  it('stand for the only IPv4 address of a port, by the router that connects it (S21)', () => {
    const bench = new RoutingBench();
    const router = bench.routed();
    const floatingIp = bench.made('floatingip', { floating_network_id: bench.external, port_id: bench.port }, TENANT);
    expect(floatingIp).toMatchObject({ port_id: bench.port, fixed_ip_address: bench.addressOf(bench.port), router_id: router });
    expect(shown(bench, floatingIp.id)).toMatchObject({
      status: 'DOWN',
      port_details: { network_id: bench.network, device_owner: '', status: 'DOWN', admin_state_up: true },
      port_forwardings: [],
    });
    bench.changed('floatingip', floatingIp.id, { port_id: null }, TENANT);
    expect(bench.the('floatingip', floatingIp.id)).toMatchObject({ port_id: null, fixed_ip_address: null, router_id: null });
    expect(shown(bench, floatingIp.id)).toMatchObject({ status: 'DOWN', port_details: null });
  });

  it("are ACTIVE once their port's host has said that the port is, while their router is up", () => {
    const bench = new RoutingBench();
    const router = bench.routed();
    const port = bench.made('port', { network_id: bench.network, project_id: 'tenant', 'binding:host_id': 'h1' }).id;
    const { id } = bench.made('floatingip', { floating_network_id: bench.external, port_id: port }, TENANT);
    expect(shown(bench, id)).toMatchObject({ status: 'DOWN' });
    bench.run({ op: 'report', host: 'h1', statuses: [{ id: port, status: 'ACTIVE' }] });
    expect(shown(bench, id)).toMatchObject({ status: 'ACTIVE' });
    bench.changed('router', router, { admin_state_up: false }, TENANT);
    expect(shown(bench, id)).toMatchObject({ status: 'DOWN' });
  });

  it('are sorted by status as it is shown', () => {
    const bench = new RoutingBench();
    bench.routed();
    const port = bench.made('port', { network_id: bench.network, project_id: 'tenant', 'binding:host_id': 'h1' }).id;
    const active = bench.made('floatingip', { floating_network_id: bench.external, port_id: port }, TENANT).id;
    const down = bench.made('floatingip', { floating_network_id: bench.external }, TENANT).id;
    bench.run({ op: 'report', host: 'h1', statuses: [{ id: port, status: 'ACTIVE' }] });
    for (const [isAscending, ids] of [
      [true, [active, down]],
      [false, [down, active]],
    ] as const) {
      const query = { ...EVERYTHING, sorts: [{ key: 'status', isAscending }] };
      const found = list('floatingip', query, { state: bench.state, actor: ADMIN, policy: defaultPolicy });
      expect(isProblem(found) ? found : found.map(({ id }) => id)).toEqual(ids);
    }
  });

  it('stand only for what a router connects with their network', () => {
    const bench = new RoutingBench();
    const post = (body: object) => bench.post('floatingip', { floating_network_id: bench.external, ...body }, TENANT);
    expect(outcome(post({ port_id: bench.port }))).toBe('404 ExternalGatewayForFloatingIPNotFound');
    const { id } = bench.made('router', {}, TENANT);
    bench.acted('add_router_interface', id, { subnet_id: bench.inside.id });
    expect(outcome(post({ port_id: bench.port }))).toBe('404 ExternalGatewayForFloatingIPNotFound');
    bench.changed('router', id, { external_gateway_info: { network_id: bench.external } }, TENANT);
    expect(outcome(post({ port_id: bench.port }))).toBe('taken');
  });

  it('stand for ports of a network that a router is on by an interface (router-interface-fip)', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    bench.acted('add_router_interface', id, { subnet_id: bench.inside.id });
    bench.acted('add_router_interface', id, { subnet_id: bench.outside.id }, ADMIN);
    const floatingIp = bench.made('floatingip', { floating_network_id: bench.external, port_id: bench.port }, TENANT);
    expect(floatingIp.router_id).toBe(id);
    const remove = (subnet_id: string): string => outcome(bench.act('remove_router_interface', id, { subnet_id }, ADMIN));
    expect(remove(bench.inside.id)).toBe('409 RouterInterfaceInUseByFloatingIP');
    expect(remove(bench.outside.id)).toBe('409 RouterInterfaceInUseAsGatewayByFloatingIP');
  });

  it('refuse what they cannot stand for', () => {
    const bench = new RoutingBench();
    bench.routed();
    const post = (body: object, actor = TENANT) => bench.post('floatingip', { floating_network_id: bench.external, ...body }, actor);
    const second = bench.made('subnet', { network_id: bench.network, ip_version: 4, cidr: '10.1.0.0/24' }, TENANT).id;
    const fixed_ips = [{ subnet_id: bench.inside.id }, { subnet_id: second }];
    const wide = bench.made('port', { network_id: bench.network, fixed_ips }, TENANT).id;
    const empty = bench.made('port', { network_id: bench.network, fixed_ips: [] }, TENANT).id;
    expect(message(post({ port_id: wide }))).toContain('multiple fixed IPv4 addresses');
    expect(message(post({ port_id: empty }))).toContain('no fixed IPv4 addresses');
    expect(message(post({ port_id: bench.port, fixed_ip_address: '10.0.0.200' }))).toContain('does not have fixed ip');
    expect(message(post({ port_id: bench.port, fixed_ip_address: '2001:db8::1' }))).toContain('not an IPv4 address');
    expect(message(post({ fixed_ip_address: '10.0.0.5' }))).toContain('without a port_id');
    expect(outcome(post({ port_id: bench.external }))).toBe('404 PortNotFound');
    expect(outcome(post({ port_id: bench.port }, STRANGER))).toBe('404 PortNotFound');
    const [, address] = bench.the('port', wide).fixed_ips;
    expect(outcome(post({ port_id: wide, fixed_ip_address: address?.ip_address }))).toBe('404 ExternalGatewayForFloatingIPNotFound');
  });

  it("a port of another project on one's own network is not for one's floating IPs", () => {
    const bench = new RoutingBench();
    bench.routed();
    const { id } = bench.made('port', { network_id: bench.network, project_id: 'stranger' });
    const wish = { floating_network_id: bench.external, port_id: id };
    expect(message(bench.post('floatingip', wish, TENANT))).toContain('owned by a different project');
    expect(outcome(bench.post('floatingip', wish, ADMIN))).toBe('taken');
  });

  it('a fixed IP has one of a network at a time; it can be moved', () => {
    const bench = new RoutingBench();
    bench.routed();
    const wish = { floating_network_id: bench.external, port_id: bench.port };
    const first = bench.made('floatingip', wish, TENANT).id;
    expect(outcome(bench.post('floatingip', wish, TENANT))).toBe('409 FloatingIPPortAlreadyAssociated');
    const second = bench.made('floatingip', { floating_network_id: bench.external }, TENANT).id;
    expect(outcome(bench.put('floatingip', second, { port_id: bench.port }, { actor: TENANT }))).toBe(
      '409 FloatingIPPortAlreadyAssociated',
    );
    expect(outcome(bench.put('floatingip', first, { port_id: bench.port }, { actor: TENANT }))).toBe('taken');
    const other = bench.made('port', { network_id: bench.network }, TENANT).id;
    bench.changed('floatingip', first, { port_id: other }, TENANT);
    expect(bench.the('floatingip', first)).toMatchObject({ port_id: other, fixed_ip_address: bench.addressOf(other) });
    expect(outcome(bench.put('floatingip', second, { port_id: bench.port }, { actor: TENANT }))).toBe('taken');
  });

  it('keep their port when an update does not speak of it', () => {
    const bench = new RoutingBench();
    bench.routed();
    const { id } = bench.made('floatingip', { floating_network_id: bench.external, port_id: bench.port }, TENANT);
    bench.changed('floatingip', id, { description: 'web' }, TENANT);
    expect(bench.the('floatingip', id)).toMatchObject({ port_id: bench.port, description: 'web', revision_number: 2 });
    expect(outcome(bench.put('floatingip', id, { fixed_ip_address: '10.0.0.5' }))).toBe('400 BadRequest');
    // Nothing at all is the word of the first clients for none.
    bench.changed('floatingip', id, {}, TENANT);
    expect(bench.the('floatingip', id)).toMatchObject({ port_id: null, fixed_ip_address: null });
    for (const fixed of ['floating_ip_address', 'floating_network_id', 'dns_name', 'router_id', 'status']) {
      expect(outcome(bench.put('floatingip', id, { [fixed]: null }))).toBe('400 HTTPBadRequest');
    }
  });

  it('hold the gateway and the interface that they need', () => {
    const bench = new RoutingBench();
    const router = bench.routed();
    const { id } = bench.made('floatingip', { floating_network_id: bench.external, port_id: bench.port }, TENANT);
    const gateway = (info: unknown) => bench.put('router', router, { external_gateway_info: info });
    expect(outcome(gateway(null))).toBe('409 RouterExternalGatewayInUseByFloatingIp');
    const other = bench.made('network', { 'router:external': true }).id;
    expect(outcome(gateway({ network_id: other }))).toBe('409 RouterExternalGatewayInUseByFloatingIp');
    expect(outcome(gateway({ network_id: bench.external, enable_snat: false }))).toBe('taken');
    const remove = () => bench.act('remove_router_interface', router, { subnet_id: bench.inside.id });
    expect(outcome(remove())).toBe('409 RouterInterfaceInUseByFloatingIP');
    bench.changed('floatingip', id, { port_id: null });
    expect(outcome(remove())).toBe('taken');
    expect(outcome(gateway(null))).toBe('taken');
  });

  it('are let go of by a port that is deleted, and hold the address of one that is not', () => {
    const bench = new RoutingBench();
    bench.routed();
    const { id } = bench.made('floatingip', { floating_network_id: bench.external, port_id: bench.port }, TENANT);
    expect(outcome(bench.put('port', bench.port, { fixed_ips: [{ ip_address: '10.0.0.222' }] }))).toBe('400 BadRequest');
    expect(outcome(bench.del('port', bench.the('floatingip', id).floating_port_id))).toBe('409 ServicePortInUse');
    expect(outcome(bench.del('port', bench.port, TENANT))).toBe('taken');
    expect(bench.the('floatingip', id)).toMatchObject({ port_id: null, fixed_ip_address: null, router_id: null });
  });

  it('that an administrator put on a port keep the project from deleting it', () => {
    const bench = new RoutingBench();
    bench.routed();
    bench.made('floatingip', { floating_network_id: bench.external, port_id: bench.port });
    expect(outcome(bench.del('port', bench.port, TENANT))).toBe('409 FipAssociated');
    expect(outcome(bench.del('port', bench.port))).toBe('taken');
  });

  it('that lead nowhere go with their network', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('floatingip', { floating_network_id: bench.external }, TENANT);
    expect(outcome(bench.del('network', bench.external))).toBe('taken');
    expect(bench.state.get('floatingip', id)).toBeUndefined();
    expect([...bench.state.all('port')].map((port) => port.id)).toEqual([bench.port]);
  });

  it('names are DNS names in lower case, domains end in a dot', () => {
    const bench = new RoutingBench();
    const post = (body: object) => bench.post('floatingip', { floating_network_id: bench.external, ...body });
    const made = bench.made('floatingip', { floating_network_id: bench.external, dns_name: 'Web-1', dns_domain: 'Example.org.' });
    expect(made).toMatchObject({ dns_name: 'web-1', dns_domain: 'example.org.' });
    for (const dns_name of ['a\nb', '-a', 'a..b', 'a b', 7, 'x'.repeat(64)]) expect(outcome(post({ dns_name }))).toBe('400 HTTPBadRequest');
    expect(outcome(post({ dns_domain: 'example.org' }))).toBe('400 HTTPBadRequest');
  });
});

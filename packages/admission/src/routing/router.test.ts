import { describe, expect, it } from 'vitest';
import { message, outcome } from '../test-bench.js';
import { ADMIN, RoutingBench, STRANGER, TENANT } from './routing-bench.js';

const gatewayOf = (bench: RoutingBench, router: string) => bench.the('router', router).gateway;

describe('routers', () => {
  it('has no gateway, route or interface unless asked', () => {
    const bench = new RoutingBench();
    expect(bench.made('router', { name: 'r' }, TENANT)).toMatchObject({
      name: 'r',
      project_id: 'tenant',
      admin_state_up: true,
      status: 'ACTIVE',
      gateway: null,
      routes: [],
      revision_number: 1,
    });
  });

  it('a gateway is a port of the external network, with an address of each family that is its own in the flat space (S12, S14)', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', { external_gateway_info: { network_id: bench.external } }, TENANT);
    const gateway = gatewayOf(bench, id);
    const port = bench.the('port', gateway?.port_id ?? '');
    expect(gateway).toMatchObject({ network_id: bench.external, enable_snat: true });
    expect(port).toMatchObject({ device_owner: 'network:router_gateway', device_id: id, project_id: '', 'binding:host_id': '' });
    expect(port.fixed_ips.map(({ subnet_id }) => subnet_id)).toEqual([bench.outside.id, bench.outside6.id]);
    expect(bench.state.holderOf(port.fixed_ips[0]?.ip_address as never)?.id).toBe(port.id);
  });

  it('takes given addresses for the gateway, and keeps what is asked for again', () => {
    const bench = new RoutingBench();
    const info = { network_id: bench.external, external_fixed_ips: [{ ip_address: '203.0.113.77' }] };
    const { id } = bench.made('router', { external_gateway_info: info });
    const port = gatewayOf(bench, id)?.port_id ?? '';
    expect(bench.addressOf(port)).toBe('203.0.113.77');
    const moved = { ...info, external_fixed_ips: [{ subnet_id: bench.outside.id, ip_address: '203.0.113.78' }] };
    bench.changed('router', id, { external_gateway_info: moved });
    expect(gatewayOf(bench, id)?.port_id).toBe(port);
    expect(bench.the('port', port).fixed_ips).toEqual([{ subnet_id: bench.outside.id, ip_address: '203.0.113.78' }]);
    expect(bench.the('router', id).revision_number).toBe(2);
  });

  it('enable_snat is as the last word on the gateway: on unless told', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', { external_gateway_info: { network_id: bench.external, enable_snat: false } });
    expect(gatewayOf(bench, id)?.enable_snat).toBe(false);
    bench.changed('router', id, { name: 'x' });
    expect(gatewayOf(bench, id)?.enable_snat).toBe(false);
    bench.changed('router', id, { external_gateway_info: { network_id: bench.external } });
    expect(gatewayOf(bench, id)?.enable_snat).toBe(true);
  });

  it.each([[null], [{}]])('%j takes the gateway away, and gives its addresses back', (none) => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', { external_gateway_info: { network_id: bench.external } }, TENANT);
    const port = gatewayOf(bench, id)?.port_id ?? '';
    bench.changed('router', id, { external_gateway_info: none }, TENANT);
    expect(gatewayOf(bench, id)).toBeNull();
    expect(bench.state.get('port', port)).toBeUndefined();
  });

  it('refuses what is no gateway', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', {}, TENANT);
    const put = (info: unknown): string => outcome(bench.put('router', id, { external_gateway_info: info }));
    expect(put({ network_id: bench.network })).toBe('400 BadRequest');
    expect(put({ network_id: id })).toBe('404 NetworkNotFound');
    expect(put({ network_id: bench.external, external_fixed_ips: [{ ip_address: bench.outside.gateway_ip }] })).toBe('400 BadRequest');
    expect(put({ network_id: bench.external, external_fixed_ips: [{ ip_address: '10.0.0.9' }] })).toBe('400 InvalidIpForNetwork');
    expect(put({ network_id: bench.external, qos_policy_id: id })).toBe('400 BadRequest');
    expect(put({ enable_snat: true })).toBe('400 HTTPBadRequest');
    expect(put({ network_id: bench.external, what: 1 })).toBe('400 HTTPBadRequest');
    expect(put('x')).toBe('400 HTTPBadRequest');
    expect(bench.the('router', id).gateway).toBeNull();
  });

  it('moves the gateway to another network, and none of it stays behind when that is refused', () => {
    const bench = new RoutingBench();
    const { id } = bench.made('router', { external_gateway_info: { network_id: bench.external } });
    const before = gatewayOf(bench, id);
    const other = bench.made('network', { 'router:external': true }).id;
    const subnet = bench.made('subnet', { network_id: other, ip_version: 4, cidr: '198.51.100.0/30' });
    bench.acted('add_router_interface', id, { subnet_id: subnet.id }, ADMIN);
    expect(outcome(bench.put('router', id, { external_gateway_info: { network_id: other } }))).toBe('400 BadRequest');
    expect(gatewayOf(bench, id)).toEqual(before);
    bench.acted('remove_router_interface', id, { subnet_id: subnet.id }, ADMIN);
    bench.changed('router', id, { external_gateway_info: { network_id: other } });
    expect(gatewayOf(bench, id)?.network_id).toBe(other);
    expect(bench.state.get('port', before?.port_id ?? '')).toBeUndefined();
  });

  it('what no router here can be is refused or told as it is', () => {
    const bench = new RoutingBench();
    const post = (body: object): string => outcome(bench.post('router', body));
    expect(post({ distributed: true, ha: true })).toBe('taken');
    expect(post({ flavor_id: null, service_type_id: null, availability_zone_hints: ['nova'] })).toBe('taken');
    expect(post({ flavor_id: bench.network })).toBe('404 FlavorNotFound');
    expect(post({ availability_zone_hints: ['moon'] })).toBe('404 AvailabilityZoneNotFound');
    expect(post({ routes: [] })).toBe('400 HTTPBadRequest');
    const { id } = bench.made('router', {});
    expect(outcome(bench.put('router', id, { distributed: true }))).toBe('400 BadRequest');
    expect(outcome(bench.put('router', id, { distributed: true, admin_state_up: false }))).toBe('taken');
    expect(outcome(bench.put('router', id, { distributed: false }))).toBe('taken');
  });

  it('is deleted with its gateway, but not with its interfaces', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const refused = bench.del('router', id, TENANT);
    expect(outcome(refused)).toBe('409 RouterInUse');
    bench.acted('remove_router_interface', id, { subnet_id: bench.inside.id });
    expect(outcome(bench.del('router', id, TENANT))).toBe('taken');
    expect([...bench.state.all('port')].map((port) => port.id)).toEqual([bench.port]);
  });

  it("is its project's own", () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    expect(outcome(bench.put('router', id, { name: 'mine' }, { actor: STRANGER }))).toBe('404 RouterNotFound');
    expect(outcome(bench.del('router', id, STRANGER))).toBe('404 RouterNotFound');
    expect(outcome(bench.act('remove_router_interface', id, { subnet_id: bench.inside.id }, STRANGER))).toBe('404 RouterNotFound');
    expect(outcome(bench.post('router', { external_gateway_info: { network_id: bench.external, enable_snat: false } }, TENANT))).toBe(
      '403 PolicyNotAuthorized',
    );
  });
});

describe('extra routes', () => {
  const ROUTE = { destination: '192.0.2.0/24', nexthop: '10.0.0.99' };

  it('lead to a next hop in a subnet of the router that is not its own address', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const put = (routes: unknown) => bench.put('router', id, { routes }, { actor: TENANT });
    expect(outcome(put([ROUTE]))).toBe('taken');
    expect(bench.the('router', id).routes).toEqual([ROUTE]);
    expect(outcome(put([{ ...ROUTE, nexthop: '10.9.0.1' }]))).toBe('400 InvalidRoutes');
    expect(message(put([{ ...ROUTE, nexthop: '10.0.0.1' }]))).toContain('the nexthop is used by router');
    expect(outcome(put([ROUTE, ROUTE]))).toBe('400 HTTPBadRequest');
    expect(outcome(put([{ destination: 'x', nexthop: '10.0.0.9' }]))).toBe('400 HTTPBadRequest');
    const many = Array.from({ length: 31 }, (_, at) => ({ destination: `192.0.${at}.0/24`, nexthop: '10.0.0.99' }));
    expect(outcome(put(many))).toBe('400 RoutesExhausted');
    expect(outcome(put(null))).toBe('taken');
    expect(bench.the('router', id).routes).toEqual([]);
  });

  it("S5: lead by way of no instance, whose traffic or anybody else's", () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const route = { ...ROUTE, nexthop: bench.addressOf(bench.port) };
    expect(message(bench.put('router', id, { routes: [route] }, { actor: TENANT }))).toContain('the nexthop is an instance');
    expect(outcome(bench.act('add_extraroutes', id, { router: { routes: [route] } }))).toBe('400 InvalidRoutes');
    expect(bench.the('router', id).routes).toEqual([]);
  });

  it('hold what they lead over: the interface, and the gateway', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const outward = { destination: '192.0.2.0/24', nexthop: '203.0.113.200' };
    bench.changed('router', id, { routes: [ROUTE, outward] }, TENANT);
    expect(outcome(bench.act('remove_router_interface', id, { subnet_id: bench.inside.id }))).toBe('409 RouterInterfaceInUseByRoute');
    expect(outcome(bench.put('router', id, { external_gateway_info: null }))).toBe('400 InvalidRoutes');
    expect(outcome(bench.put('router', id, { external_gateway_info: null, routes: [ROUTE] }))).toBe('taken');
    expect(bench.the('router', id)).toMatchObject({ gateway: null, routes: [ROUTE] });
  });

  it('are added and removed one by one, whatever the others are', () => {
    const bench = new RoutingBench();
    const id = bench.routed();
    const second = { ...ROUTE, nexthop: '10.0.0.98' };
    bench.acted('add_extraroutes', id, { router: { routes: [ROUTE] } });
    bench.acted('add_extraroutes', id, { router: { routes: [ROUTE, second] } });
    expect(bench.the('router', id).routes).toEqual([ROUTE, second]);
    bench.acted('remove_extraroutes', id, { router: { routes: [ROUTE, { destination: '198.18.0.0/15', nexthop: '10.0.0.98' }] } });
    expect(bench.the('router', id).routes).toEqual([second]);
    expect(outcome(bench.act('add_extraroutes', id, { router: { routes: [{ ...ROUTE, nexthop: '8.8.8.8' }] } }))).toBe('400 InvalidRoutes');
    for (const body of [null, {}, { router: {} }, { router: { routes: 'x' } }, { router: { routes: [], name: 'x' } }]) {
      expect(outcome(bench.act('add_extraroutes', id, body))).toBe('400 HTTPBadRequest');
    }
  });
});

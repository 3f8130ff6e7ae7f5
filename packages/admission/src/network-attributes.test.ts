import { describe, expect, test } from 'vitest';
import { ADMIN, Bench, memberOf, message, outcome } from './test-bench.js';

const MINE = memberOf('mine');
const THEIRS = memberOf('theirs');

describe('provider attributes', () => {
  test('a network is local unless told; a flat one has a physical network of its own', () => {
    const bench = new Bench();
    expect(bench.seen('network', bench.made('network', {}).id)).toMatchObject({
      'provider:network_type': 'local',
      'provider:physical_network': null,
      'provider:segmentation_id': null,
    });
    const flat = { 'provider:network_type': 'flat', 'provider:physical_network': 'fabric' };
    expect(bench.made('network', flat)).toMatchObject(flat);
    expect(outcome(bench.post('network', flat))).toBe('409 FlatNetworkInUse');
    expect(outcome(bench.post('network', { ...flat, 'provider:physical_network': 'other' }))).toBe('taken');
  });

  test.each([
    ['vlan', {}, "Invalid input for operation: network_type value 'vlan' not supported."],
    ['vxlan', {}, "Invalid input for operation: network_type value 'vxlan' not supported."],
    ['flat', {}, 'Invalid input for operation: physical_network required for flat provider network.'],
    ['local', { 'provider:physical_network': 'p' }, 'Invalid input for operation: physical_network prohibited for local provider network.'],
    [
      'flat',
      { 'provider:physical_network': 'p', 'provider:segmentation_id': 7 },
      'Invalid input for operation: segmentation_id prohibited for flat provider network.',
    ],
  ])('what cannot mean anything here is refused: %s %j', (type, more, words) => {
    const refused = new Bench().post('network', { 'provider:network_type': type, ...more });
    expect([outcome(refused), message(refused)]).toEqual(['400 InvalidInput', words]);
  });

  test('without a type they are nothing; they do not change later; only administrators set and see them', () => {
    const bench = new Bench();
    expect(message(bench.post('network', { 'provider:physical_network': 'p' }))).toBe(
      'Invalid input for operation: network_type required.',
    );
    const { id } = bench.made('network', {}, MINE);
    expect(outcome(bench.put('network', id, { 'provider:network_type': 'flat' }))).toBe('400 InvalidInput');
    expect(outcome(bench.put('network', id, { 'provider:network_type': 'local' }))).toBe('taken');
    expect(outcome(bench.post('network', { 'provider:network_type': 'local' }, MINE))).toBe('403 PolicyNotAuthorized');
    expect(bench.seen('network', id, MINE)).not.toHaveProperty('provider:network_type');
  });
});

describe('external networks', () => {
  test('an external network is there for every project, not shared with any; ceasing to be one takes that back', () => {
    const bench = new Bench();
    const { id } = bench.made('network', { 'router:external': true });
    expect(bench.seen('network', id, THEIRS)).toMatchObject({ 'router:external': true, shared: false });
    bench.made('subnet', { network_id: id, ip_version: 4, cidr: '203.0.113.0/24' });
    expect(outcome(bench.post('port', { network_id: id }, THEIRS))).toBe('403 PolicyNotAuthorized');
    bench.changed('network', id, { 'router:external': false });
    expect(bench.state.count('rbac_policy')).toBe(0);
    expect(outcome(bench.put('network', id, { name: 'x' }, { actor: THEIRS }))).toBe('404 NetworkNotFound');
  });

  test('a network with a gateway or a floating IP stays external', () => {
    const bench = new Bench();
    const { id } = bench.made('network', { 'router:external': true });
    bench.made('subnet', { network_id: id, ip_version: 4, cidr: '203.0.113.0/24' });
    const router = bench.made('router', { external_gateway_info: { network_id: id } });
    expect(outcome(bench.put('network', id, { 'router:external': false }))).toBe('409 ExternalNetworkInUse');
    bench.del('router', router.id);
    const floating = bench.made('floatingip', { floating_network_id: id });
    expect(outcome(bench.put('network', id, { 'router:external': false }))).toBe('409 ExternalNetworkInUse');
    bench.del('floatingip', floating.id);
    expect(outcome(bench.put('network', id, { 'router:external': false }))).toBe('taken');
  });

  test('one external network is the default one', () => {
    const bench = new Bench();
    const first = bench.made('network', { 'router:external': true, is_default: true });
    expect(outcome(bench.post('network', { 'router:external': true, is_default: true }))).toBe('409 DefaultExternalNetworkExists');
    expect(outcome(bench.post('network', { is_default: true }))).toBe('400 InvalidInput');
    expect(bench.changed('network', first.id, { 'router:external': false }).is_default).toBe(false);
    expect(outcome(bench.post('network', { 'router:external': true, is_default: true }))).toBe('taken');
  });
});

describe('the end of a network', () => {
  test('its DHCP ports, unused floating IPs, segments and sharing go with it', () => {
    const bench = new Bench();
    const { id } = bench.made('network', { 'router:external': true, shared: true });
    bench.made('subnet', { network_id: id, ip_version: 4, cidr: '203.0.113.0/24' });
    bench.made('port', { network_id: id, device_owner: 'network:dhcp' });
    bench.made('floatingip', { floating_network_id: id });
    expect(outcome(bench.del('network', id))).toBe('taken');
    for (const kind of ['network', 'subnet', 'port', 'floatingip', 'rbac_policy'] as const)
      expect([kind, bench.state.count(kind)]).toEqual([kind, 0]);
  });

  test('a router’s port keeps it', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    const subnet_id = bench.made('subnet', { network_id, ip_version: 4, cidr: '10.0.0.0/24' }).id;
    const router = bench.made('router', {});
    bench.does('add_router_interface', { kind: 'router', id: router.id, values: { subnet_id } });
    expect(outcome(bench.del('network', network_id))).toBe('409 NetworkInUse');
    expect(outcome(bench.del('subnet', subnet_id))).toBe('409 SubnetInUse');
    const gateway = bench.put('subnet', subnet_id, { gateway_ip: '10.0.0.9' });
    expect(outcome(gateway)).toBe('409 GatewayIpInUse');
  });
});

describe('other attributes of networks', () => {
  test('zones: there is one', () => {
    const bench = new Bench();
    expect(outcome(bench.post('network', { availability_zone_hints: ['mars'] }))).toBe('404 AvailabilityZoneNotFound');
    const { id } = bench.made('network', { availability_zone_hints: ['nova'] });
    expect(bench.seen('network', id)).toMatchObject({ availability_zone_hints: ['nova'], availability_zones: ['nova'] });
  });

  test('a QoS policy must be there for the actor', () => {
    const bench = new Bench();
    const policy = bench.made('qos_policy', { name: 'q' }, THEIRS === MINE ? MINE : ADMIN);
    expect(outcome(bench.post('network', { qos_policy_id: policy.id }, MINE))).toBe('404 QosPolicyNotFound');
    const network = bench.made('network', { qos_policy_id: policy.id });
    const port = bench.made('port', { network_id: network.id });
    expect(bench.seen('port', port.id)).toMatchObject({ qos_policy_id: null, qos_network_policy_id: policy.id });
  });

  test('a domain is whole, in lower case', () => {
    const bench = new Bench();
    expect(bench.made('network', { dns_domain: 'Example.ORG.' }).dns_domain).toBe('example.org.');
    for (const bad of ['example.org', 'a..', '-a.', 'a b.', 'x\n.', 'a.'.repeat(130)]) {
      expect([bad, outcome(bench.post('network', { dns_domain: bad }))]).toEqual([bad, '400 HTTPBadRequest']);
    }
  });
});

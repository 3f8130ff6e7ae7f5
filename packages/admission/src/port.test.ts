import { asIp, type Cidr, cidrContains } from '@manx/ip';
import { isProblem } from '@manx/model';
import { describe, expect, test } from 'vitest';
import { ADMIN, Bench, memberOf, message, outcome } from './test-bench.js';

const MINE = memberOf('mine');
const THEIRS = memberOf('theirs');

/** A network of MINE with both families: 10.0.0.0/24 and a stateful 2001:db8::/64. */
function dualStack(bench: Bench): { network_id: string; v4: string; v6: string } {
  const network_id = bench.made('network', {}, MINE).id;
  const v4 = bench.made('subnet', { network_id, ip_version: 4, cidr: '10.0.0.0/24' }, MINE).id;
  const modes = { ipv6_ra_mode: 'dhcpv6-stateful', ipv6_address_mode: 'dhcpv6-stateful' };
  const v6 = bench.made('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/64', ...modes }, MINE).id;
  return { network_id, v4, v6 };
}

describe('a new port', () => {
  test('is DOWN, unbound, in the default group, with one address of each family and a MAC of the deployment’s', () => {
    const bench = new Bench();
    const { network_id, v4, v6 } = dualStack(bench);
    const port = bench.made('port', { network_id }, MINE);
    const [group] = bench.state.by('security_group.default_of', 'mine');
    expect(port).toMatchObject({
      status: 'DOWN',
      'binding:vif_type': 'unbound',
      'binding:host_id': '',
      security_groups: [group?.id],
      revision_number: 1,
    });
    expect(port.mac_address).toMatch(/^fa:16:3e:/);
    expect(port.fixed_ips.map(({ subnet_id }) => subnet_id)).toEqual([v4, v6]);
    expect(
      port.fixed_ips.map(({ ip_address }, at) => cidrContains((['10.0.0.0/24', '2001:db8::/64'] as Cidr[])[at] as Cidr, ip_address)),
    ).toEqual([true, true]);
  });

  test('on a network without subnets has no address', () => {
    const bench = new Bench();
    expect(bench.made('port', { network_id: bench.made('network', {}).id }).fixed_ips).toEqual([]);
  });

  test('has its EUI-64 address in each SLAAC subnet, asked for or not', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    bench.made('subnet', { network_id, ip_version: 4, cidr: '10.0.0.0/24' });
    const slaac = bench.made('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/64', ipv6_ra_mode: 'slaac' });
    const port = bench.made('port', { network_id, mac_address: 'fa:16:3e:00:00:01', fixed_ips: [{ ip_address: '10.0.0.7' }] });
    expect(port.fixed_ips.map(({ ip_address }) => ip_address)).toEqual(['10.0.0.7', '2001:db8::f816:3eff:fe00:1']);
    expect(outcome(bench.post('port', { network_id, fixed_ips: [{ subnet_id: slaac.id, ip_address: '2001:db8::7' }] }))).toBe(
      '400 InvalidInput',
    );
    expect(
      outcome(
        bench.post('port', { network_id, mac_address: 'fa:16:3e:00:00:09', fixed_ips: [{ ip_address: '2001:db8::f816:3eff:fe00:9' }] }),
      ),
    ).toBe('taken');
  });

  test('has the addresses asked for, by address, by subnet, by both', () => {
    const bench = new Bench();
    const { network_id, v4, v6 } = dualStack(bench);
    const wishes = [{ subnet_id: v4 }, { ip_address: '10.0.0.7' }, { subnet_id: v6, ip_address: '2001:db8::7' }];
    const port = bench.made('port', { network_id, fixed_ips: wishes }, MINE);
    expect(port.fixed_ips.slice(0, 2)).toEqual([
      { subnet_id: v4, ip_address: '10.0.0.7' },
      { subnet_id: v6, ip_address: '2001:db8::7' },
    ]);
    expect(port.fixed_ips[2]?.subnet_id).toBe(v4);
    expect(bench.made('port', { network_id, fixed_ips: [] }, MINE).fixed_ips).toEqual([]);
  });

  test.each<[string, (at: { v4: string; v6: string }) => object[], string]>([
    ['an address of no subnet', () => [{ ip_address: '10.9.0.1' }], '400 InvalidIpForNetwork'],
    ['the network address', () => [{ ip_address: '10.0.0.0' }], '400 InvalidIpForNetwork'],
    ['the broadcast address', ({ v4 }) => [{ subnet_id: v4, ip_address: '10.0.0.255' }], '400 InvalidIpForSubnet'],
    ['an address of the other subnet', ({ v6 }) => [{ subnet_id: v6, ip_address: '10.0.0.9' }], '400 InvalidIpForSubnet'],
    ['the subnet-router anycast address', () => [{ ip_address: '2001:db8::' }], '400 InvalidIpForNetwork'],
    ['neither address nor subnet', () => [{}], '400 InvalidInput'],
    ['a subnet that is not there', () => [{ subnet_id: '5f4b33b5-54b7-4b3a-8ac1-a6f4a6d0a1f4' }], '404 SubnetNotFound'],
  ])('cannot have %s', (_, wishes, expected) => {
    const bench = new Bench();
    const at = dualStack(bench);
    expect(outcome(bench.post('port', { network_id: at.network_id, fixed_ips: wishes(at) }, MINE))).toBe(expected);
    expect(bench.state.count('port')).toBe(0);
  });

  test('cannot have an address of another network’s subnet, and does not learn of a foreign one', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const own = bench.made('subnet', { network_id: bench.made('network', {}, MINE).id, ip_version: 4, cidr: '10.1.0.0/24' }, MINE);
    const foreign = bench.made('subnet', { network_id: bench.made('network', {}, THEIRS).id, ip_version: 4, cidr: '10.2.0.0/24' }, THEIRS);
    expect(outcome(bench.post('port', { network_id, fixed_ips: [{ subnet_id: own.id }] }, MINE))).toBe('400 InvalidInput');
    expect(outcome(bench.post('port', { network_id, fixed_ips: [{ subnet_id: foreign.id }] }, MINE))).toBe('404 SubnetNotFound');
  });

  test('S12: an address is had once, in one request or two, and the refusal names no holder', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const wish = { network_id, fixed_ips: [{ ip_address: '10.0.0.7' }] };
    expect(outcome(bench.post('port', [wish, wish], MINE))).toBe('409 IpAddressInUse');
    expect(bench.state.count('port')).toBe(0);
    const port = bench.made('port', wish, MINE);
    const refused = bench.post('port', wish, MINE);
    expect(message(refused)).toBe(`Unable to complete operation for network ${network_id}. The IP address 10.0.0.7 is in use.`);
    expect(message(refused)).not.toContain(port.id);
  });

  test('gets every address of its pools before it is told that there is none', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    bench.made('subnet', { network_id, ip_version: 4, cidr: '10.0.0.0/28' });
    const bulk = bench.post(
      'port',
      Array.from({ length: 13 }, () => ({ network_id })),
    );
    const ids = isProblem(bulk) ? [] : bulk.ids;
    expect(new Set(ids.map((id) => bench.the('port', id).fixed_ips[0]?.ip_address)).size).toBe(13);
    expect(outcome(bench.post('port', { network_id }))).toBe('409 IpAddressGenerationFailure');
    bench.made('subnet', { network_id, ip_version: 4, cidr: '10.0.1.0/28' });
    expect(bench.made('port', { network_id }).fixed_ips[0]?.ip_address).toMatch(/^10\.0\.1\./);
  });

  test('in the largest subnets an address is found at once, and low', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    bench.made('subnet', { network_id, ip_version: 4, cidr: '10.0.0.0/8' });
    bench.made('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/32' });
    const port = bench.made('port', { network_id });
    expect(port.fixed_ips[0]?.ip_address).toMatch(/^10\.0\.[01]\./);
    expect(port.fixed_ips[1]?.ip_address).toMatch(/^2001:db8::[0-9a-f]+$/);
  });

  test('has a MAC that no port of its network has', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    bench.made('port', { network_id, mac_address: 'fa:16:3e:00:00:01' }, MINE);
    expect(outcome(bench.post('port', { network_id, mac_address: 'FA:16:3E:00:00:01' }, MINE))).toBe('409 MacAddressInUse');
    expect(outcome(bench.post('port', { network_id: bench.made('network', {}, MINE).id, mac_address: 'fa:16:3e:00:00:01' }, MINE))).toBe(
      'taken',
    );
  });

  test('is in its project’s own groups only, or in none', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const group = bench.made('security_group', { name: 'web' }, MINE);
    const foreign = bench.made('security_group', { name: 'web' }, THEIRS);
    expect(bench.made('port', { network_id, security_groups: [group.id] }, MINE).security_groups).toEqual([group.id]);
    expect(bench.made('port', { network_id, security_groups: [] }, MINE).security_groups).toEqual([]);
    expect(outcome(bench.post('port', { network_id, security_groups: [foreign.id] }, MINE))).toBe('404 SecurityGroupNotFound');
  });
});

describe('who may', () => {
  test('a tenant makes ports on shared networks, but takes what address and MAC it gets', () => {
    const bench = new Bench();
    const network = bench.made('network', { shared: true });
    const subnet = bench.made('subnet', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' });
    expect(outcome(bench.post('port', { network_id: network.id, fixed_ips: [{ subnet_id: subnet.id }] }, MINE))).toBe('taken');
    expect(outcome(bench.post('port', { network_id: network.id, fixed_ips: [{ ip_address: '10.0.0.9' }] }, MINE))).toBe(
      '403 PolicyNotAuthorized',
    );
    expect(outcome(bench.post('port', { network_id: network.id, mac_address: 'fa:16:3e:00:00:01' }, MINE))).toBe('403 PolicyNotAuthorized');
  });

  test.each([{ 'binding:host_id': 'h1' }, { 'binding:profile': {} }, { device_owner: 'network:dhcp' }])(
    'only administrators and services set %j',
    (values) => {
      const bench = new Bench();
      const { network_id } = dualStack(bench);
      expect(outcome(bench.post('port', { network_id, ...values }, MINE))).toBe('403 PolicyNotAuthorized');
      const port = bench.made('port', { network_id }, MINE);
      expect(outcome(bench.put('port', port.id, values, { actor: MINE }))).toBe('403 PolicyNotAuthorized');
      expect(outcome(bench.put('port', port.id, values, { actor: { ...THEIRS, roles: ['service'] } }))).toBe('taken');
    },
  );

  test('another project’s port is not there; its network’s owner may delete it, not change it', () => {
    const bench = new Bench();
    const network = bench.made('network', { project_id: 'mine', shared: true });
    const port = bench.made('port', { network_id: network.id }, THEIRS);
    const own = bench.made('port', { network_id: network.id }, MINE);
    expect(outcome(bench.put('port', own.id, { name: 'x' }, { actor: THEIRS }))).toBe('404 PortNotFound');
    expect(outcome(bench.del('port', own.id, THEIRS))).toBe('404 PortNotFound');
    expect(outcome(bench.put('port', port.id, { name: 'x' }, { actor: MINE }))).toBe('403 PolicyNotAuthorized');
    expect(outcome(bench.del('port', port.id, MINE))).toBe('taken');
  });
});

describe('a changed port', () => {
  test('keeps what it is asked to keep, and gets or loses the rest', () => {
    const bench = new Bench();
    const { network_id, v4 } = dualStack(bench);
    const port = bench.made('port', { network_id, fixed_ips: [{ ip_address: '10.0.0.7' }] }, MINE);
    expect(bench.changed('port', port.id, { fixed_ips: [{ subnet_id: v4 }] }, MINE).fixed_ips).toEqual(port.fixed_ips);
    expect(bench.changed('port', port.id, { fixed_ips: [{ subnet_id: v4 }, { ip_address: '10.0.0.8' }] }, MINE).fixed_ips).toEqual([
      { subnet_id: v4, ip_address: '10.0.0.7' },
      { subnet_id: v4, ip_address: '10.0.0.8' },
    ]);
    expect(bench.changed('port', port.id, { fixed_ips: [{ ip_address: '10.0.0.9' }] }, MINE).fixed_ips).toEqual([
      { subnet_id: v4, ip_address: '10.0.0.9' },
    ]);
    expect(bench.state.holderOf(asIp('10.0.0.7'))).toBeUndefined();
    const other = bench.made('port', { network_id, fixed_ips: [{ ip_address: '10.0.0.7' }] }, MINE);
    expect(outcome(bench.put('port', other.id, { fixed_ips: [{ ip_address: '10.0.0.9' }] }))).toBe('409 IpAddressInUse');
  });

  test('keeps its SLAAC addresses, and has others with another MAC', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    bench.made('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/64', ipv6_ra_mode: 'slaac' });
    const port = bench.made('port', { network_id, mac_address: 'fa:16:3e:00:00:01' });
    expect(bench.changed('port', port.id, { fixed_ips: [] }).fixed_ips).toHaveLength(1);
    expect(bench.changed('port', port.id, { mac_address: 'fa:16:3e:00:00:02' }).fixed_ips[0]?.ip_address).toBe(
      '2001:db8::f816:3eff:fe00:2',
    );
  });

  test('that is nobody’s may hold the gateway, to be connected to a router; no instance ever has it', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const fixed_ips = [{ ip_address: '10.0.0.1' }];
    expect(outcome(bench.post('port', { network_id, fixed_ips, device_owner: 'compute:nova' }, MINE))).toBe('409 IpAddressInUse');
    expect(outcome(bench.post('port', { network_id, fixed_ips, 'binding:host_id': 'h1' }))).toBe('409 IpAddressInUse');
    const port = bench.made('port', { network_id, fixed_ips }, MINE);
    expect(outcome(bench.put('port', port.id, { device_owner: 'compute:nova', device_id: 'vm' }))).toBe('409 IpAddressInUse');
    expect(outcome(bench.put('port', port.id, { 'binding:host_id': 'h1' }))).toBe('409 IpAddressInUse');
    expect(outcome(bench.put('port', port.id, { 'binding:host_id': 'h1', fixed_ips }))).toBe('409 IpAddressInUse');
    expect(bench.changed('port', port.id, { name: 'gateway' }).fixed_ips).toMatchObject(fixed_ips);
    expect(outcome(bench.put('port', port.id, { 'binding:host_id': 'h1', fixed_ips: [{ ip_address: '10.0.0.9' }] }))).toBe('taken');
  });

  test('that holds a gateway stays the network’s own', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const router = bench.made('port', { network_id, device_owner: 'network:router_interface', fixed_ips: [{ ip_address: '10.0.0.1' }] });
    expect(router.security_groups).toEqual([]);
    expect(outcome(bench.put('port', router.id, { device_owner: 'compute:nova' }))).toBe('409 IpAddressInUse');
  });

  test('does not change its MAC while it is plugged in', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const port = bench.made('port', { network_id, 'binding:host_id': 'h1' });
    expect(outcome(bench.put('port', port.id, { mac_address: 'fa:16:3e:00:00:02' }))).toBe('409 PortBound');
    bench.changed('port', port.id, { 'binding:host_id': null });
    expect(bench.changed('port', port.id, { mac_address: 'fa:16:3e:00:00:02' }).mac_address).toBe('fa:16:3e:00:00:02');
  });
});

describe('binding', () => {
  test('to a live host is a tap; to another, a failure that is tried again', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    expect(bench.made('port', { network_id, 'binding:host_id': 'h1' })).toMatchObject({ 'binding:vif_type': 'tap', status: 'BUILD' });
    const port = bench.made('port', { network_id, 'binding:host_id': 'h9' });
    expect(port).toMatchObject({ 'binding:vif_type': 'binding_failed', 'binding:host_id': 'h9' });
    bench.alive.add('h9');
    expect(bench.changed('port', port.id, { 'binding:host_id': 'h9' })).toMatchObject({ 'binding:vif_type': 'tap' });
  });

  test('to another host means BUILD until that one reports, DOWN for a port that is switched off; the old one’s word counts no more', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const { id } = bench.made('port', { network_id, 'binding:host_id': 'h1' });
    const report = (host: string, status: 'ACTIVE' | 'DOWN'): unknown => bench.run({ op: 'report', host, statuses: [{ id, status }] });
    report('h1', 'ACTIVE');
    expect(bench.the('port', id)).toMatchObject({ status: 'ACTIVE', revision_number: 2 });
    expect(bench.changed('port', id, { 'binding:host_id': 'h1', device_id: 'vm' }).status).toBe('ACTIVE');
    expect(bench.changed('port', id, { 'binding:host_id': 'h2' }).status).toBe('BUILD');
    expect(report('h1', 'ACTIVE')).toEqual({ changes: [], ids: [], answer: null });
    report('h2', 'ACTIVE');
    expect(bench.the('port', id).status).toBe('ACTIVE');
    expect(bench.changed('port', id, { 'binding:host_id': null })).toMatchObject({ status: 'DOWN', 'binding:vif_type': 'unbound' });
    expect(bench.changed('port', id, { 'binding:host_id': 'h1', admin_state_up: false }).status).toBe('DOWN');
    expect(bench.made('port', { network_id, 'binding:host_id': 'h1', admin_state_up: false }).status).toBe('DOWN');
  });

  test('reports are one batch; what is so already, or gone, is no change; nobody but the server reports', () => {
    const bench = new Bench();
    const { network_id } = dualStack(bench);
    const a = bench.made('port', { network_id, 'binding:host_id': 'h1' }).id;
    const b = bench.made('port', { network_id, 'binding:host_id': 'h1' }).id;
    const statuses = [a, b, 'gone'].map((id) => ({ id, status: 'ACTIVE' as const }));
    expect(bench.run({ op: 'report', host: 'h1', statuses })).toMatchObject({ ids: [a, b] });
    expect(bench.run({ op: 'report', host: 'h1', statuses })).toEqual({ changes: [], ids: [], answer: null });
    expect(outcome(bench.run({ op: 'report', host: 'h1', statuses }, MINE))).toBe('403 PolicyNotAuthorized');
    expect(outcome(bench.run({ op: 'report', host: 'h1', statuses }, ADMIN))).toBe('403 PolicyNotAuthorized');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ADMIN, Bench, memberOf, message, outcome } from './test-bench.js';

const MINE = memberOf('mine');
const THEIRS = memberOf('theirs');

function v4(body: object = {}): object {
  return { ip_version: 4, cidr: '10.0.0.0/24', ...body };
}

describe('subnets', () => {
  test('the gateway is the first address, and all others but network and broadcast are to be had', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    expect(bench.made('subnet', v4({ network_id }))).toMatchObject({
      gateway_ip: '10.0.0.1',
      allocation_pools: [{ start: '10.0.0.2', end: '10.0.0.254' }],
      dns_nameservers: [],
      host_routes: [],
    });
    expect(bench.made('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/64' })).toMatchObject({
      gateway_ip: '2001:db8::1',
      allocation_pools: [{ start: '2001:db8::2', end: '2001:db8::ffff:ffff:ffff:ffff' }],
    });
    expect(bench.made('subnet', v4({ network_id, cidr: '10.0.1.0/24', gateway_ip: '10.0.1.100' })).allocation_pools).toEqual([
      { start: '10.0.1.1', end: '10.0.1.99' },
      { start: '10.0.1.101', end: '10.0.1.254' },
    ]);
    expect(bench.made('subnet', v4({ network_id, cidr: '10.0.2.0/24', gateway_ip: null }))).toMatchObject({
      gateway_ip: null,
      allocation_pools: [{ start: '10.0.2.1', end: '10.0.2.254' }],
    });
    expect(bench.made('subnet', v4({ network_id, cidr: '10.0.3.0/32', enable_dhcp: false }))).toMatchObject({
      gateway_ip: null,
      allocation_pools: [{ start: '10.0.3.0', end: '10.0.3.0' }],
    });
  });

  test.each<[string, object, string]>([
    ['no cidr', { cidr: null }, '400 BadRequest'],
    ['a prefix length and a cidr', { prefixlen: 24 }, '400 BadRequest'],
    ['a subnet pool that is not there', { subnetpool_id: '5f4b33b5-54b7-4b3a-8ac1-a6f4a6d0a1f4' }, '404 SubnetPoolNotFound'],
    ['the other family', { ip_version: 6 }, '400 InvalidInput'],
    ['everything', { cidr: '0.0.0.0/0' }, '400 InvalidInput'],
    ['multicast', { cidr: '224.0.0.0/24' }, '400 InvalidInput'],
    ['more than unicast', { cidr: '128.0.0.0/1' }, '400 InvalidInput'],
    ['loopback', { cidr: '127.0.0.0/24' }, '400 InvalidInput'],
    ['link-local', { cidr: '169.254.169.0/24' }, '400 InvalidInput'],
    ['this network', { cidr: '0.0.0.0/8' }, '400 InvalidInput'],
    ['too few addresses for DHCP', { cidr: '10.0.0.0/31' }, '400 InvalidInput'],
    ['a gateway elsewhere', { gateway_ip: '10.1.0.1' }, '400 InvalidInput'],
    ['a gateway of the other family', { gateway_ip: '2001:db8::1' }, '400 InvalidInput'],
    ['the broadcast address as gateway', { gateway_ip: '10.0.0.255' }, '400 InvalidInput'],
    ['the network address as gateway', { gateway_ip: '10.0.0.0' }, '400 InvalidInput'],
    ['a pool elsewhere', { allocation_pools: [{ start: '10.1.0.2', end: '10.1.0.3' }] }, '400 OutOfBoundsAllocationPool'],
    [
      'a pool with the broadcast address',
      { allocation_pools: [{ start: '10.0.0.2', end: '10.0.0.255' }] },
      '400 OutOfBoundsAllocationPool',
    ],
    ['a pool upside down', { allocation_pools: [{ start: '10.0.0.3', end: '10.0.0.2' }] }, '400 InvalidAllocationPool'],
    ['a pool of the other family', { allocation_pools: [{ start: '::1', end: '::2' }] }, '400 InvalidAllocationPool'],
    ['a pool around the gateway', { allocation_pools: [{ start: '10.0.0.1', end: '10.0.0.9' }] }, '409 GatewayConflictWithAllocationPools'],
    [
      'pools that overlap, the second given first',
      {
        allocation_pools: [
          { start: '10.0.0.9', end: '10.0.0.20' },
          { start: '10.0.0.2', end: '10.0.0.9' },
        ],
      },
      '409 OverlappingAllocationPools',
    ],
    ['a name server of the other family', { dns_nameservers: ['2001:db8::1'] }, '400 InvalidInput'],
    [
      'six name servers',
      { dns_nameservers: ['9.9.9.1', '9.9.9.2', '9.9.9.3', '9.9.9.4', '9.9.9.5', '9.9.9.6'] },
      '400 DNSNameServersExhausted',
    ],
    ['a route of the other family', { host_routes: [{ destination: '::/0', nexthop: '10.0.0.1' }] }, '400 InvalidInput'],
    ['an IPv6 mode', { ipv6_ra_mode: 'slaac' }, '400 InvalidInput'],
    ['a network that is not there', { network_id: '5f4b33b5-54b7-4b3a-8ac1-a6f4a6d0a1f4' }, '404 NetworkNotFound'],
  ])('%s is refused', (_, body, expected) => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    expect(outcome(bench.post('subnet', v4({ network_id, ...body })))).toBe(expected);
    expect(bench.state.count('subnet')).toBe(0);
  });

  test.each<[string, object]>([
    ['modes that differ', { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'dhcpv6-stateful' }],
    ['a mode without DHCP', { ipv6_ra_mode: 'slaac', enable_dhcp: false }],
    ['SLAAC with other than /64', { ipv6_address_mode: 'slaac', cidr: '2001:db8::/60' }],
    ['the unspecified prefix', { cidr: '::/64' }],
    ['link-local', { cidr: 'fe80::/64' }],
  ])('IPv6: %s is refused', (_, body) => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    expect(outcome(bench.post('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/64', ...body }))).toBe('400 InvalidInput');
  });

  test('S13: an overlap on any network is 409, and says with what and why', () => {
    const bench = new Bench();
    const first = bench.made('subnet', v4({ network_id: bench.made('network', {}).id }));
    const other = bench.made('network', {});
    for (const cidr of ['10.0.0.0/24', '10.0.0.128/25', '10.0.0.0/8']) {
      const refused = bench.post('subnet', v4({ network_id: other.id, cidr }));
      expect(outcome(refused)).toBe('409 InvalidInput');
      expect(message(refused)).toContain(first.id);
      expect(message(refused)).toContain(first.cidr);
      expect(message(refused)).toContain('flat address space');
    }
    expect(outcome(bench.post('subnet', v4({ network_id: other.id, cidr: '10.0.1.0/24' })))).toBe('taken');
    bench.del('subnet', first.id);
    expect(outcome(bench.post('subnet', v4({ network_id: other.id })))).toBe('taken');
  });

  test('S13: of another project’s subnet no more is told than that it is there', () => {
    const bench = new Bench();
    const first = bench.made('subnet', v4({ network_id: bench.made('network', {}, MINE).id }), MINE);
    const network = bench.made('network', {}, THEIRS);
    const refused = bench.post('subnet', v4({ network_id: network.id, cidr: '10.0.0.0/16' }), THEIRS);
    expect(outcome(refused)).toBe('409 InvalidInput');
    for (const secret of [first.id, first.cidr, first.network_id, 'mine']) expect(message(refused)).not.toContain(secret);
    expect(message(refused)).toContain('flat address space');
  });

  test('S13: two that overlap in one request are refused, both', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    expect(outcome(bench.post('subnet', [v4({ network_id }), v4({ network_id, cidr: '10.0.0.64/26' })]))).toBe('409 InvalidInput');
    expect(bench.state.count('subnet')).toBe(0);
  });

  test('S12 and S13: where the operator lets prefixes overlap, addresses still do not', () => {
    const bench = new Bench(undefined, { overlapping_subnets: 'allow' });
    const one = bench.made('subnet', v4({ network_id: bench.made('network', {}).id }));
    const two = bench.made('subnet', v4({ network_id: bench.made('network', {}).id, cidr: '10.0.0.0/29', gateway_ip: '10.0.0.6' }));
    bench.made('port', { network_id: one.network_id, fixed_ips: [{ ip_address: '10.0.0.2' }] });
    expect(outcome(bench.post('port', { network_id: two.network_id, fixed_ips: [{ ip_address: '10.0.0.2' }] }))).toBe('409 IpAddressInUse');
    // 10.0.0.1 and .6 are gateways, .2 is held: .3, .4 and .5 are left.
    const taken = [1, 2, 3].map(() => bench.made('port', { network_id: two.network_id }).fixed_ips[0]?.ip_address);
    expect(taken.sort()).toEqual(['10.0.0.3', '10.0.0.4', '10.0.0.5']);
    expect(outcome(bench.post('port', { network_id: two.network_id }))).toBe('409 IpAddressGenerationFailure');
  });

  test('S13: where the operator lets prefixes overlap, those of one network still do not', () => {
    const bench = new Bench(undefined, { overlapping_subnets: 'allow' });
    const { network_id } = bench.made('subnet', v4({ network_id: bench.made('network', {}).id }));
    expect(outcome(bench.post('subnet', v4({ network_id })))).toBe('400 InvalidInput');
  });

  test.each<[object, string]>([
    [{}, 'taken'],
    [{ cidr: '2001:db8::/48' }, 'taken'],
    [{ ipv6_ra_mode: 'slaac' }, 'taken'],
    [{ ipv6_ra_mode: 'slaac', cidr: '2001:db8::/63' }, 'requires the prefix to be /64'],
    [{ ipv6_ra_mode: 'slaac', cidr: '2001:db8::/65' }, 'requires the prefix to be /64'],
    [{ ipv6_ra_mode: 'dhcpv6-stateless', cidr: '2001:db8::/96' }, 'requires the prefix to be /64'],
    [{ ipv6_ra_mode: 'dhcpv6-stateful', cidr: '2001:db8::/112' }, 'taken'],
    [{ ipv6_ra_mode: 'dhcpv6-stateful', cidr: '2001:db8::/63' }, 'prefixes of /64 or longer only'],
    [{ ipv6_ra_mode: 'dhcpv6-stateful', ipv6_address_mode: 'slaac' }, 'must be the same value'],
    [{ ipv6_address_mode: 'slaac' }, 'taken'],
    [{ ipv6_address_mode: 'dhcpv6-stateful' }, 'taken'],
    [{ ipv6_address_mode: 'dhcpv6-stateful', cidr: '2001:db8::/56' }, "for ipv6_address_mode 'dhcpv6-stateful': hosts give"],
    [{ host_routes: [{ destination: '2001:db8:1::/64', nexthop: '2001:db8::9' }] }, 'taken'],
    [{ host_routes: [{ destination: '10.0.0.0/8', nexthop: '2001:db8::9' }] }, "does not match the ip_version '6'"],
  ])('S26: %j on an IPv6 subnet, which hosts can serve or not: %s', (body, expected) => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    const made = bench.post('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/64', ...body });
    expect('code' in made ? `${outcome(made)} ${message(made)}` : 'taken').toContain(expected);
    if ('code' in made) expect(outcome(made)).toBe('400 InvalidInput');
  });

  test('host routes of an IPv6 subnet are kept for what reads them of the API, such as Nova for its network_data.json', () => {
    const bench = new Bench();
    const { id } = bench.made('subnet', { network_id: bench.made('network', {}).id, ip_version: 6, cidr: '2001:db8::/64' });
    const host_routes = [{ destination: '2001:db8:1::/64', nexthop: '2001:db8::9' }];
    expect(bench.changed('subnet', id, { host_routes }).host_routes).toEqual(host_routes);
  });

  test('a subnet with addresses in use stays', () => {
    const bench = new Bench();
    const subnet = bench.made('subnet', v4({ network_id: bench.made('network', {}).id }));
    const port = bench.made('port', { network_id: subnet.network_id });
    expect(outcome(bench.del('subnet', subnet.id))).toBe('409 SubnetInUse');
    bench.changed('port', port.id, { fixed_ips: [] });
    expect(outcome(bench.del('subnet', subnet.id))).toBe('taken');
  });

  test('a SLAAC subnet gives ports that are there their EUI-64 address, and takes it along', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    const port = bench.made('port', { network_id, mac_address: 'fa:16:3e:12:34:56' });
    const slaac = { network_id, ip_version: 6, cidr: '2001:db8:5::/64', ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' };
    const subnet = bench.made('subnet', slaac);
    expect(bench.the('port', port.id)).toMatchObject({
      fixed_ips: [{ subnet_id: subnet.id, ip_address: '2001:db8:5:0:f816:3eff:fe12:3456' }],
      revision_number: 2,
    });
    expect(outcome(bench.del('subnet', subnet.id))).toBe('taken');
    expect(bench.the('port', port.id).fixed_ips).toEqual([]);
  });

  test('updates keep gateway and pools apart, and DHCP on where IPv6 modes need it', () => {
    const bench = new Bench();
    const network_id = bench.made('network', {}).id;
    const subnet = bench.made('subnet', v4({ network_id }));
    expect(outcome(bench.put('subnet', subnet.id, { gateway_ip: '10.0.0.9' }))).toBe('409 GatewayConflictWithAllocationPools');
    const moved = bench.changed('subnet', subnet.id, {
      gateway_ip: '10.0.0.254',
      allocation_pools: [{ start: '10.0.0.2', end: '10.0.0.253' }],
    });
    expect(moved).toMatchObject({ gateway_ip: '10.0.0.254', revision_number: 2 });
    expect(outcome(bench.put('subnet', subnet.id, { gateway_ip: '10.0.1.1' }))).toBe('400 InvalidInput');
    const six = bench.made('subnet', { network_id, ip_version: 6, cidr: '2001:db8::/64', ipv6_ra_mode: 'slaac' });
    expect(outcome(bench.put('subnet', six.id, { enable_dhcp: false }))).toBe('400 InvalidInput');
    expect(bench.changed('subnet', subnet.id, { dns_nameservers: ['9.9.9.9'], enable_dhcp: false })).toMatchObject({ enable_dhcp: false });
  });

  test('an address that a port holds does not become a gateway', () => {
    const bench = new Bench();
    const subnet = bench.made(
      'subnet',
      v4({ network_id: bench.made('network', {}).id, allocation_pools: [{ start: '10.0.0.9', end: '10.0.0.9' }] }),
    );
    bench.made('port', { network_id: subnet.network_id, fixed_ips: [{ ip_address: '10.0.0.100' }] });
    expect(outcome(bench.put('subnet', subnet.id, { gateway_ip: '10.0.0.100' }))).toBe('409 IpAddressInUse');
  });

  test('a network counts a revision when its subnets change', () => {
    const bench = new Bench();
    const network = bench.made('network', {});
    const subnet = bench.made('subnet', v4({ network_id: network.id }));
    expect(bench.the('network', network.id).revision_number).toBe(2);
    bench.changed('subnet', subnet.id, { name: 'x' });
    expect(bench.the('network', network.id).revision_number).toBe(3);
  });

  test('whatever prefix is taken, gateway and pools lie in it and apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 223 }), fc.integer({ min: 2, max: 32 }), fc.boolean(), (octet, length, enable_dhcp) => {
        const bench = new Bench();
        const value = ((octet << 24) & (-1 << (32 - length))) >>> 0;
        const cidr = `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}/${length}`;
        const made = bench.post('subnet', { network_id: bench.made('network', {}, ADMIN).id, ip_version: 4, cidr, enable_dhcp });
        if ('code' in made) return;
        const subnet = bench.the('subnet', made.ids[0] ?? '');
        const again = { gateway_ip: subnet.gateway_ip, allocation_pools: subnet.allocation_pools };
        expect(outcome(bench.put('subnet', subnet.id, again))).toBe('taken');
      }),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { ADMIN, Bench, memberOf, outcome } from './test-bench.js';

const MINE = memberOf('mine');
const THEIRS = memberOf('theirs');

function network(bench: Bench, more: object = {}): string {
  const { id } = bench.made('network', more, MINE);
  bench.made('subnet', { network_id: id, ip_version: 4, cidr: '10.0.0.0/24' }, MINE);
  return id;
}

describe('extra DHCP options', () => {
  const option = (opt_name: string, opt_value: unknown, ip_version?: unknown): object => ({
    opt_name,
    opt_value,
    ...(ip_version === undefined ? {} : { ip_version }),
  });

  test('change one by one: named ones change, null takes one away, others stay', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const first = [
      option('bootfile-name', 'pxelinux.0'),
      option('tftp-server', '192.0.2.1'),
      option('router', ''),
      option('nis-server', null),
    ];
    const port = bench.made('port', { network_id, extra_dhcp_opts: first }, MINE);
    expect(port.extra_dhcp_opts).toEqual([
      { opt_name: 'bootfile-name', opt_value: 'pxelinux.0', ip_version: 4 },
      { opt_name: 'tftp-server', opt_value: '192.0.2.1', ip_version: 4 },
      { opt_name: 'router', opt_value: '', ip_version: 4 },
    ]);
    const second = [option('67', 'undionly.kpxe'), option('router', null), option('dns-server', '2001:db8::53', 6)];
    expect(bench.changed('port', port.id, { extra_dhcp_opts: second }, MINE).extra_dhcp_opts).toEqual([
      { opt_name: '67', opt_value: 'undionly.kpxe', ip_version: 4 },
      { opt_name: 'tftp-server', opt_value: '192.0.2.1', ip_version: 4 },
      { opt_name: 'dns-server', opt_value: '2001:db8::53', ip_version: 6 },
    ]);
    expect(bench.changed('port', port.id, { extra_dhcp_opts: null }, MINE).extra_dhcp_opts).toHaveLength(3);
  });

  test.each([
    ['bootfile-name', 'a,b'],
    ['bootfile-name', 'a\nserver=/#/10.0.0.1'],
    ['bootfile-name', 'a b'],
    ['bootfile-name', '"a"'],
    ['bootfile-name', 'a#b'],
    ['bootfile-name', 'a\\b'],
    ['bootfile-name', ''],
    ['bootfile-name', 'é'],
    ['bootfile-name', 'x'.repeat(256)],
    ['bootfile-name', 5],
    ['tftp-server\n', 'x'],
    ['tag:evil,67', 'x'],
    ['no-such-option', 'x'],
    ['netmask', '255.0.0.0'],
    ['server-identifier', '10.0.0.1'],
    ['54', '10.0.0.1'],
    ['51', '1'],
    ['0', '1'],
    ['256', '1'],
    ['dns-server', 'example.org'],
    ['dns-server', '2001:db8::1,192.0.2.1'],
    ['mtu', '70000'],
    ['domain-search', 'a..b'],
    ['classless-static-route', '10.0.0.0/8'],
  ])('no text that is not the option’s own value ever reaches a file: %j = %j', (name, value) => {
    const bench = new Bench();
    expect(outcome(bench.post('port', { network_id: network(bench), extra_dhcp_opts: [option(name, value)] }, MINE))).toBe(
      '400 HTTPBadRequest',
    );
  });

  test('entries that tell no IP version are for that of the addresses among them, and for IPv4 without any', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const versions = (...options: object[]): unknown =>
      bench.made('port', { network_id, extra_dhcp_opts: options }, MINE).extra_dhcp_opts.map(({ ip_version }) => ip_version);
    const boot = [option('bootfile-name', 'pxelinux.0'), option('tftp-server', '2001:db8::66')];
    expect(versions(...boot, option('server-ip-address', '2001:db8::77'))).toEqual([6, 6, 6]);
    expect(versions(...boot, option('server-ip-address', '192.0.2.77'))).toEqual([4, 4, 4]);
    expect(versions(option('bootfile-name', 'pxelinux.0'))).toEqual([4]);
    expect(versions(option('mtu', '1400'), option('dns-server', '2001:db8::53', 6))).toEqual([4, 6]);
  });

  test('what an IPv6 port boots from is said once', () => {
    const bench = new Bench();
    const twice = [option('bootfile-name', 'a', 6), option('bootfile-url', 'tftp://[2001:db8::1]/a', 6)];
    expect(outcome(bench.post('port', { network_id: network(bench), extra_dhcp_opts: twice }, MINE))).toBe('400 HTTPBadRequest');
  });

  test('an option stands once in a request', () => {
    const bench = new Bench();
    const twice = [option('bootfile-name', 'a'), option('67', 'b')];
    expect(outcome(bench.post('port', { network_id: network(bench), extra_dhcp_opts: twice }, MINE))).toBe('400 HTTPBadRequest');
  });
});

describe('DNS', () => {
  test('names of all addresses: the port’s, in its domain, its network’s, or the deployment’s', () => {
    const bench = new Bench();
    const network_id = network(bench, { dns_domain: 'net.example.' });
    const fixed_ips = [{ ip_address: '10.0.0.5' }];
    const port = bench.made('port', { network_id, fixed_ips }, MINE);
    const assigned = (): unknown => bench.seen('port', port.id)['dns_assignment'];
    const named = (hostname: string, fqdn: string): object[] => [{ ip_address: '10.0.0.5', hostname, fqdn }];
    expect(assigned()).toEqual(named('host-10-0-0-5', 'host-10-0-0-5.net.example.'));
    bench.changed('port', port.id, { dns_name: 'Web' }, MINE);
    expect(assigned()).toEqual(named('web', 'web.net.example.'));
    bench.changed('port', port.id, { dns_domain: 'port.example.' }, MINE);
    expect(assigned()).toEqual(named('web', 'web.port.example.'));
    bench.changed('port', port.id, { dns_name: 'www.example.org.' }, MINE);
    expect(assigned()).toEqual(named('www.example.org.', 'www.example.org.'));
    expect(outcome(bench.put('port', port.id, { dns_name: 'a_b' }, { actor: MINE }))).toBe('400 HTTPBadRequest');
  });
});

describe('the MAC', () => {
  test('null is a new one, but not under a plugged-in interface nor for a port of the network’s own', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const port = bench.made('port', { network_id, mac_address: 'fa:16:3e:00:00:07' });
    const mac = bench.changed('port', port.id, { mac_address: null }).mac_address;
    expect(mac).not.toBe(port.mac_address);
    expect(mac).toMatch(/^fa:16:3e:/);
    bench.changed('port', port.id, { 'binding:host_id': 'h1' });
    expect(outcome(bench.put('port', port.id, { mac_address: null }))).toBe('409 PortBound');
    const own = bench.made('port', { network_id, device_owner: 'network:dhcp' });
    expect(outcome(bench.put('port', own.id, { mac_address: null }))).toBe('409 UnsupportedPortDeviceOwner');
  });
});

describe('devices', () => {
  test('a port does not pass for an interface of another project’s router', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const router = bench.made('router', {}, THEIRS).id;
    const body = { network_id, device_owner: 'network:router_interface', device_id: '' };
    expect(outcome(bench.post('port', body, MINE))).toBe('403 PolicyNotAuthorized');
    const port = bench.made('port', { ...body, project_id: 'mine' });
    expect(outcome(bench.put('port', port.id, { device_id: router }, { actor: MINE }))).toBe('409 DeviceIDNotOwnedByTenant');
    expect(outcome(bench.put('port', port.id, { device_id: 'my own thing' }, { actor: MINE }))).toBe('taken');
  });

  test('what a router or a floating IP counts on is neither deleted nor given away as a port', () => {
    const bench = new Bench();
    const outside = bench.made('network', { 'router:external': true }).id;
    bench.made('subnet', { network_id: outside, ip_version: 4, cidr: '203.0.113.0/24' });
    const router = bench.made('router', { external_gateway_info: { network_id: outside } });
    const floating = bench.made('floatingip', { floating_network_id: outside });
    for (const id of [router.gateway?.port_id ?? '', floating.floating_port_id]) {
      expect(outcome(bench.del('port', id))).toBe('409 ServicePortInUse');
      expect(outcome(bench.put('port', id, { device_owner: '' }))).toBe('409 UnsupportedPortDeviceOwner');
      expect(outcome(bench.put('port', id, { device_id: 'x' }))).toBe('409 UnsupportedPortDeviceOwner');
    }
    expect(outcome(bench.put('port', floating.floating_port_id, { fixed_ips: [] }))).toBe('409 UnsupportedPortDeviceOwner');
    bench.del('router', router.id);
    bench.del('floatingip', floating.id);
    expect(bench.state.count('port')).toBe(0);
  });
});

describe('other attributes of ports', () => {
  test('what Nova is to do about NUMA does not change under a plugged-in interface', () => {
    const bench = new Bench();
    const port = bench.made('port', { network_id: network(bench), numa_affinity_policy: 'required', 'binding:host_id': 'h1' });
    expect(outcome(bench.put('port', port.id, { numa_affinity_policy: 'socket' }))).toBe('409 PortBoundNUMAAffinityPolicy');
    expect(outcome(bench.put('port', port.id, { numa_affinity_policy: 'required' }))).toBe('taken');
    expect(outcome(bench.post('port', { network_id: port.network_id, numa_affinity_policy: 'none' }))).toBe('400 HTTPBadRequest');
  });

  test('hints are for administrators, and only the ones there are', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const hints = { openvswitch: { other_config: { 'tx-steering': 'hash' } } };
    expect(bench.made('port', { network_id, hints }).hints).toEqual(hints);
    expect(outcome(bench.post('port', { network_id, hints }, MINE))).toBe('403 PolicyNotAuthorized');
    for (const bad of [{}, { openvswitch: {} }, { openvswitch: { other_config: { 'tx-steering': 'x' } } }, 'hash', { ovn: {} }]) {
      expect(outcome(bench.post('port', { network_id, hints: bad }))).toBe('400 HTTPBadRequest');
    }
  });

  test('only vnic type normal; tags at creation, also of many at once', () => {
    const bench = new Bench();
    const network_id = network(bench);
    expect(outcome(bench.post('port', { network_id, 'binding:vnic_type': 'direct' }))).toBe('400 HTTPBadRequest');
    const made = bench.post('port', [{ network_id, tags: ['b', 'a'] }, { network_id }]);
    expect(outcome(made)).toBe('taken');
    expect([...bench.state.all('port')].map(({ tags }) => tags)).toEqual([['a', 'b'], undefined]);
    expect(outcome(bench.post('port', { network_id, tags: ['a', 'a'] }))).toBe('400 HTTPBadRequest');
  });

  test('when it gets its addresses: at once, or never when it was asked for without', () => {
    const bench = new Bench();
    const network_id = network(bench);
    expect(bench.made('port', { network_id }).ip_allocation).toBe('immediate');
    expect(bench.made('port', { network_id, fixed_ips: [] })).toMatchObject({ ip_allocation: 'none', fixed_ips: [] });
  });

  test('the end of a port: what stood for it stands for nothing', () => {
    const bench = new Bench();
    const outside = bench.made('network', { 'router:external': true }).id;
    bench.made('subnet', { network_id: outside, ip_version: 4, cidr: '203.0.113.0/24' });
    const router = bench.made('router', { external_gateway_info: { network_id: outside } }, ADMIN);
    const network_id = network(bench);
    const [subnet] = bench.state.by('subnet.network_id', network_id);
    bench.does('add_router_interface', { kind: 'router', id: router.id, values: { subnet_id: subnet?.id } });
    const port = bench.made('port', { network_id });
    const floating = bench.made('floatingip', { floating_network_id: outside, port_id: port.id });
    expect(floating.port_id).toBe(port.id);
    expect(outcome(bench.del('port', port.id))).toBe('taken');
    expect(bench.the('floatingip', floating.id)).toMatchObject({ port_id: null, fixed_ip_address: null, router_id: null });
  });
});

describe('service types of subnets', () => {
  test('addresses are for the owners that are named, and those subnets come first', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const kept = bench.made('subnet', { network_id, ip_version: 4, cidr: '10.9.0.0/24', service_types: ['compute:nova'] }).id;
    expect(bench.made('port', { network_id, device_owner: 'compute:nova' }).fixed_ips.map(({ subnet_id }) => subnet_id)).toEqual([kept]);
    expect(bench.made('port', { network_id }).fixed_ips.map(({ subnet_id }) => subnet_id)).not.toContain(kept);
    const only = bench.made('network', {}).id;
    bench.made('subnet', { network_id: only, ip_version: 4, cidr: '10.8.0.0/24', service_types: ['network:floatingip'] });
    expect(outcome(bench.post('port', { network_id: only }))).toBe('409 IpAddressGenerationFailureNoMatchingSubnet');
    const body = { network_id: only, ip_version: 4, cidr: '10.7.0.0/24' };
    expect(outcome(bench.post('subnet', { ...body, service_types: ['nova'] }))).toBe('400 InvalidSubnetServiceType');
    expect(outcome(bench.post('subnet', { ...body, service_types: ['test:mine', 'neutron:x'] }))).toBe('taken');
    expect(outcome(bench.post('subnet', { ...body, service_types: [5] }))).toBe('400 InvalidInputSubnetServiceType');
  });
});

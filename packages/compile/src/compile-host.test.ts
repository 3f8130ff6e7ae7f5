import { asHostName, type HostState } from '@manx/hoststate';
import { applyChanges, type Change, type Resource, type ResourceKind, State } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { compileAll, compileHost, compileProblems } from './compile-host.js';
import { hostnameOf } from './hostname-of.js';
import { binding, fixedIp, network, port, rule, subnet } from './testing/cloud.js';

const h1 = asHostName('h1');

function cloud(...resources: readonly (readonly [ResourceKind, Resource])[]): State {
  const state = new State();
  applyChanges(
    state,
    resources.map(([kind, value]) => ({ op: 'put', kind, id: value.id, value }) as Change),
  );
  return state;
}

const netA = ['network', network('net-a')] as const;
const sub4 = ['subnet', subnet('sub4')] as const;
const sub6 = [
  'subnet',
  subnet('sub6', { cidr: 'fd00:65::/64', gateway_ip: null, ip_version: 6, ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }),
] as const;
const web = [
  'port',
  port('web-port-1234', {
    fixed_ips: [fixedIp('fd00:65::2', 'sub6'), fixedIp('10.65.0.10', 'sub4'), fixedIp('10.65.0.9', 'sub4')],
    security_groups: ['g'],
  }),
] as const;

/** What the host has, as `kind id`. */
function contents(state: HostState): readonly string[] {
  return [...state.sets.values(), ...state.policies.values(), ...state.subnets.values(), ...state.endpoints.values()].map(
    ({ kind, id }) => `${kind} ${id}`,
  );
}

describe('what a host gets', () => {
  it('a bound port is an endpoint with sorted addresses, its tap, its groups, and the name of its first IPv4 address', () => {
    expect(compileHost(cloud(netA, sub4, sub6, web), h1).endpoints.get('web-port-1234')).toEqual({
      kind: 'endpoint',
      id: 'web-port-1234',
      ifname: 'tapweb-port-12',
      mac: 'fa:16:3e:00:00:01',
      isUp: true,
      phase: 'home',
      picksUp: false,
      addresses: [
        { ip: '10.65.0.9', subnet: 'sub4' },
        { ip: '10.65.0.10', subnet: 'sub4' },
        { ip: 'fd00:65::2', subnet: 'sub6' },
      ],
      isSecured: true,
      pairs: [],
      claims: [],
      policies: ['g'],
      floating: [],
      forwards: [],
      floatingLimits: [],
      qos: { dscp: null, limits: [] },
      dhcpOptions: [],
      logs: [],
      owner: null,
      hostname: 'host-10-65-0-10',
    });
  });

  describe('live migration', () => {
    const h2 = asHostName('h2');
    const phases = (more: object, ...bindings: readonly Parameters<typeof binding>[2][]): readonly unknown[] => {
      const rows = bindings.map((one, at) => ['port_binding', binding(`b${at}`, 'web-port-1234', one)] as const);
      const state = cloud(netA, sub4, sub6, ['port', { ...web[1], ...more }], ...rows);
      return [h1, h2].map((host) => {
        const found = compileHost(state, host).endpoints.get('web-port-1234');
        return found === undefined ? 'none' : `${found.phase}${found.picksUp ? ' picks up' : ''}`;
      });
    };

    it.each<[string, object, readonly object[], readonly string[]]>([
      ['without another binding it is at home, and nowhere else', {}, [], ['home', 'none']],
      ['a waiting binding: it is expected there', {}, [{ host: 'h2' }], ['home', 'incoming picks up']],
      ['its profile names the host', { 'binding:profile': { migrating_to: 'h2' } }, [], ['home', 'incoming picks up']],
      ['its profile names its own host', { 'binding:profile': { migrating_to: 'h1' } }, [], ['home', 'none']],
      ['the host has programmed it', { visits: [{ host: 'h2', has_arrived: false }] }, [{ host: 'h2' }], ['home', 'incoming picks up']],
      [
        'the host has heard it: it is silent where it is bound',
        { visits: [{ host: 'h2', has_arrived: true }] },
        [{ host: 'h2' }],
        ['incoming picks up', 'arrived picks up'],
      ],
      [
        'the other binding was its own before: it has left that host',
        { 'binding:host_id': 'h2' },
        [{ host: 'h1', vif_type: 'unbound' }],
        ['left', 'home'],
      ],
      ['it is bound nowhere', { 'binding:host_id': '', 'binding:vif_type': 'unbound' }, [{ host: 'h2' }], ['none', 'none']],
    ])('%s', (_, more, bindings, expected) => {
      expect(phases(more, ...bindings)).toEqual(expected);
    });

    it('brings all that it needs along: its groups, sets and subnets', () => {
      const state = compileHost(cloud(netA, sub4, sub6, web, ['port_binding', binding('b', 'web-port-1234')]), h2);
      expect(contents(state).toSorted()).toEqual(['endpoint web-port-1234', 'policy g', 'subnet sub4', 'subnet sub6']);
    });
  });

  it('S26, S29: a subnet carries what DHCP and router advertisements say, and the MTU of its network', () => {
    const served = subnet('sub4', {
      dns_nameservers: ['10.65.0.53', '0.0.0.0'],
      host_routes: [{ destination: '10.99.0.0/16', nexthop: '10.65.0.254' }],
    });
    const state = compileHost(cloud(['network', network('net-a', { mtu: 9000 })], ['subnet', served], sub6, web), h1);
    expect(state.subnets.get('sub4')).toEqual({
      kind: 'subnet',
      id: 'sub4',
      network: 'net-a',
      cidr: '10.65.0.0/24',
      gateway: '10.65.0.1',
      isGatewayHeld: false,
      hasSnat: false,
      isDhcpEnabled: true,
      dnsServers: ['10.65.0.53'],
      hostRoutes: [{ destination: '10.99.0.0/16', nexthop: '10.65.0.254' }],
      mtu: 9000,
      raMode: null,
      addressMode: null,
    });
    expect(state.subnets.get('sub6')).toMatchObject({ gateway: null, raMode: 'slaac', addressMode: 'slaac', mtu: 9000 });
  });

  it('S26: of an IPv6 subnet with an address mode alone the host is the router that advertises; host routes are not told', () => {
    const alone = subnet('sub6', {
      cidr: 'fd00:65::/64',
      ip_version: 6,
      gateway_ip: null,
      ipv6_address_mode: 'dhcpv6-stateful',
      host_routes: [{ destination: '2001:db8:9::/64', nexthop: 'fd00:65::9' }],
    });
    const state = compileHost(cloud(['network', network('net-a')], sub4, ['subnet', alone], web), h1);
    expect(state.subnets.get('sub6')).toMatchObject({ raMode: 'dhcpv6-stateful', addressMode: 'dhcpv6-stateful', hostRoutes: [] });
  });

  it.each<[string, object, boolean]>([
    ['an instance on another host holds it', { 'binding:host_id': 'h2' }, true],
    ['its port is bound nowhere', { 'binding:host_id': '', 'binding:vif_type': 'unbound' }, false],
    ['its port could not be bound', { 'binding:host_id': 'h2', 'binding:vif_type': 'binding_failed' }, false],
    ['nobody holds it', { fixed_ips: [] }, false],
    ['a router has it on its interface (S1, S5)', { device_owner: 'network:router_interface', 'binding:host_id': 'h2' }, false],
  ])('a gateway address when %s: hosts leave it alone is %s', (_, more, isHeld) => {
    const router = port('router', { fixed_ips: [fixedIp('10.65.0.1', 'sub4')], ...more });
    const state = compileHost(cloud(netA, sub4, sub6, web, ['port', router]), h1);
    expect(state.subnets.get('sub4')).toMatchObject({ gateway: '10.65.0.1', isGatewayHeld: isHeld });
  });

  it("S5: a router's ports are an endpoint nowhere, whatever they are bound to: every host routes", () => {
    for (const device_owner of ['network:router_interface', 'network:router_gateway']) {
      const router = port('router', { fixed_ips: [fixedIp('10.65.0.1', 'sub4')], device_owner, 'binding:host_id': 'h2' });
      expect(contents(compileHost(cloud(netA, sub4, sub6, ['port', router]), asHostName('h2')))).toEqual([]);
    }
  });

  it('a host has what its own endpoints need, and nothing else', () => {
    const state = cloud(
      netA,
      sub4,
      sub6,
      web,
      ['subnet', subnet('other', { cidr: '10.66.0.0/24' })],
      ['port', port('db', { security_groups: ['h'], 'binding:host_id': 'h2', fixed_ips: [fixedIp('10.66.0.2', 'other')] })],
      ['security_group_rule', rule('r1', 'g', { remote_group_id: 'h' })],
      ['security_group_rule', rule('r2', 'h', { remote_group_id: 'k' })],
    );
    expect(contents(compileHost(state, h1))).toEqual(['set h', 'policy g', 'subnet sub4', 'subnet sub6', 'endpoint web-port-1234']);
    expect(contents(compileHost(state, asHostName('h2')))).toEqual(['set k', 'policy h', 'subnet other', 'endpoint db']);
    expect(contents(compileHost(state, asHostName('h3')))).toEqual([]);
    expect([...compileAll(state).keys()]).toEqual(['h1', 'h2']);
  });

  it('S16: a set has every fixed IP of every port of the group: bound here, elsewhere or nowhere, up or down, both families', () => {
    const member = (id: string, ip: string, more: object): readonly [ResourceKind, Resource] => [
      'port',
      port(id, { fixed_ips: [fixedIp(ip, 'sub4')], security_groups: ['friends', 'g'], ...more }),
    ];
    const state = cloud(
      netA,
      sub4,
      sub6,
      web,
      ['security_group_rule', rule('r', 'g', { remote_group_id: 'friends' })],
      member('p1', '10.65.0.20', {}),
      member('p2', '10.65.0.3', { 'binding:host_id': 'h2' }),
      member('p3', '10.65.0.4', { 'binding:host_id': '', 'binding:vif_type': 'unbound' }),
      member('p4', '10.65.0.5', { admin_state_up: false }),
      member('p5', 'fd00:65::5', {}),
      member('p6', '10.65.0.6', { security_groups: ['g'] }),
    );
    expect(compileHost(state, h1).sets.get('friends')?.members).toEqual([
      '10.65.0.3',
      '10.65.0.4',
      '10.65.0.5',
      '10.65.0.20',
      'fd00:65::5',
    ]);
  });

  it.each([
    [true, true, true],
    [false, true, false],
    [true, false, false],
    [false, false, false],
  ])('S19: port up %s and network up %s make an endpoint up %s', (portUp, networkUp, isUp) => {
    const state = cloud(['network', network('net-a', { admin_state_up: networkUp })], ['port', port('p', { admin_state_up: portUp })]);
    expect(compileHost(state, h1).endpoints.get('p')?.isUp).toBe(isUp);
  });

  it.each([{ 'binding:host_id': '' }, { 'binding:vif_type': 'binding_failed' }, { 'binding:vif_type': 'unbound' }])(
    'a port with %j is an endpoint nowhere',
    (binding) => {
      const state = cloud(netA, ['port', port('p', binding)]);
      expect(compileAll(state).size).toBe(0);
      expect(compileProblems(state)).toEqual([]);
    },
  );
});

describe('idea 8: what cannot be compiled fails closed for its own endpoints only', () => {
  const good = ['port', port('good', { fixed_ips: [fixedIp('10.65.0.2', 'sub4')] })] as const;
  const bad = (more: object): readonly [ResourceKind, Resource] => [
    'port',
    port('bad', { fixed_ips: [fixedIp('10.65.0.3', 'sub4')], ...more }),
  ];
  const table: readonly (readonly [string, readonly (readonly [ResourceKind, Resource])[], object | null, string])[] = [
    ['a MAC that is none', [bad({ mac_address: 'x' })], null, 'port bad'],
    ['a host that is none', [bad({ 'binding:host_id': '../h1' })], null, 'port bad'],
    ['a group that no host can name', [bad({ security_groups: ['a b'] })], null, 'port bad'],
    ['the same address twice', [bad({ fixed_ips: [fixedIp('10.65.0.3', 'sub4'), fixedIp('10.65.0.3', 'sub4')] })], null, 'port bad'],
    ['a network that is missing', [bad({ network_id: 'gone' })], { isUp: false }, 'port bad'],
    ['a subnet that is missing', [bad({ fixed_ips: [fixedIp('10.65.0.3', 'gone')] })], { addresses: [] }, 'port bad'],
    ['an address that is none', [bad({ fixed_ips: [fixedIp('10.65.0.03', 'sub4')] })], { addresses: [] }, 'port bad'],
    [
      'a subnet that cannot be served',
      [bad({ fixed_ips: [fixedIp('10.66.0.3', 'odd')] }), ['subnet', subnet('odd', { cidr: '10.66.0.1/24' })]],
      { addresses: [] },
      'port bad,subnet odd',
    ],
    [
      'a network with an MTU that is none',
      [
        bad({ fixed_ips: [fixedIp('10.66.0.3', 'odd')] }),
        ['network', network('net-b', { mtu: 10 })],
        ['subnet', subnet('odd', { network_id: 'net-b', cidr: '10.66.0.0/24' })],
      ],
      { addresses: [] },
      'port bad,subnet odd',
    ],
  ];
  it.each(table)('%s', (_, resources, expected, subjects) => {
    const state = cloud(netA, sub4, good, ...resources);
    const host = compileHost(state, h1);
    expect(host.endpoints.get('good')).toMatchObject({ isUp: true, addresses: [{ ip: '10.65.0.2', subnet: 'sub4' }] });
    if (expected === null) expect(host.endpoints.has('bad')).toBe(false);
    else expect(host.endpoints.get('bad')).toMatchObject(expected);
    expect(
      compileProblems(state)
        .map(({ subject }) => subject)
        .join(),
    ).toBe(subjects);
  });
});

describe('S26: host names as Neutron makes them', () => {
  it.each([
    [['10.65.0.2'], 'host-10-65-0-2'],
    [['fd00:65::2', '10.65.0.2', '10.65.0.1'], 'host-10-65-0-2'],
    [['fd00:65::2', 'fd00:65::1'], 'host-fd00-65--2'],
    [['fd00:65::'], 'host-fd00-65--0'],
    [[], 'host-3c1b2a49'],
  ])('%j gives %s', (addresses, name) => {
    expect(hostnameOf('3c1b2a49-7b1f-4d0a-9d0e-6a1b2c3d4e5f', addresses as never)).toBe(name);
  });
});

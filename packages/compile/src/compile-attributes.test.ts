import { asHostName, type Endpoint, FLAT_SPACE, type HostState } from '@manx/hoststate';
import { applyChanges, type Change, type Resource, type ResourceKind, State } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { compileHost, compileProblems } from './compile-host.js';
import { Compiler } from './compiler.js';
import {
  addressGroup,
  fixedIp,
  floatingIp,
  forwarding,
  group,
  log,
  network,
  port,
  qosRule,
  router,
  routerInterface,
  rule,
  subnet,
} from './testing/cloud.js';

const h1 = asHostName('h1');
type Part = readonly [ResourceKind, Resource];

const put = ([kind, value]: Part): Change => ({ op: 'put', kind, id: value.id, value }) as Change;

function cloud(...parts: readonly Part[]): State {
  const state = new State();
  applyChanges(state, [...FOUNDATION, ...parts].map(put));
  return state;
}

const FOUNDATION: readonly Part[] = [
  ['network', network('net-a')],
  ['router', router('r')],
  ['subnet', subnet('sub4')],
  [
    'subnet',
    subnet('sub6', { cidr: 'fd00:65::/64', gateway_ip: 'fd00:65::1', ip_version: 6, ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' }),
  ],
];
const own = { fixed_ips: [fixedIp('10.65.0.2', 'sub4')], security_groups: ['g'] };
const web = (more: Parameters<typeof port>[1] = {}): Part => ['port', port('web', { ...own, ...more })];
const endpointOf = (state: State, id = 'web'): Endpoint => compileHost(state, h1).endpoints.get(id) as Endpoint;
const pairs = (...ips: readonly string[]) => ips.map((ip_address) => ({ ip_address, mac_address: 'fa:16:3e:00:00:01' }));
const routed = (state: State): readonly string[] => endpointOf(state).pairs.flatMap(({ cidr, isRouted }) => (isRouted ? [cidr] : []));

it('S19: port security off is said of the endpoint', () => {
  expect(endpointOf(cloud(web({ port_security_enabled: false, security_groups: [] }))).isSecured).toBe(false);
  expect(endpointOf(cloud(web())).isSecured).toBe(true);
});

describe('S8, S17: pairs', () => {
  it('are allowed as they are; those in a subnet of the network are routed, and nothing beyond it is', () => {
    const state = cloud(
      web({ allowed_address_pairs: pairs('10.65.0.100', '10.65.0.128/25', 'fd00:65::100', '192.0.2.0/24', '10.65.0.0/16') }),
    );
    expect(endpointOf(state).pairs.map(({ cidr }) => cidr)).toEqual([
      '10.65.0.0/16',
      '10.65.0.100/32',
      '10.65.0.128/25',
      '192.0.2.0/24',
      'fd00:65::100/128',
    ]);
    expect(routed(state)).toEqual(['10.65.0.100/32', '10.65.0.128/25', 'fd00:65::100/128']);
  });

  const allowed = web({ allowed_address_pairs: pairs('10.65.0.100') });
  const holder = (more: Parameters<typeof port>[1]): Part => [
    'port',
    port('holder', { fixed_ips: [fixedIp('10.65.0.100', 'sub4')], ...more }),
  ];
  it.each([
    ['that nobody has is', null, true],
    ['that a spare port reserves is', holder({ 'binding:host_id': '' }), true],
    ["that is a live instance's own is not", holder({ 'binding:host_id': 'h2' }), false],
    ['that is a floating IP is not', holder({ 'binding:host_id': '', device_owner: 'network:floatingip' }), false],
    ["that is a router's is not", holder({ 'binding:host_id': '', device_owner: 'network:router_interface' }), false],
    ['that is a gateway is not', ['subnet', subnet('sub4', { gateway_ip: '10.65.0.100' })] as Part, false],
  ])('an address %s routed', (_, other, isRouted) => {
    expect(routed(cloud(allowed, ...(other === null ? [] : [other])))).toEqual(isRouted ? ['10.65.0.100/32'] : []);
  });

  it('are members of the sets of the groups of their ports', () => {
    const state = cloud(web({ allowed_address_pairs: pairs('10.65.0.100', '192.0.2.0/24') }), [
      'security_group_rule',
      rule('r', 'g', { remote_group_id: 'g' }),
    ]);
    expect(compileHost(state, h1).sets.get('g')?.members).toEqual(['10.65.0.2', '10.65.0.100', '192.0.2.0/24']);
  });

  it('that mean everybody, or nothing, allow nothing and are problems', () => {
    const state = cloud(web({ allowed_address_pairs: pairs('0.0.0.0/0', 'nonsense') }));
    expect(endpointOf(state).pairs).toEqual([]);
    expect(compileProblems(state).map(({ subject }) => subject)).toEqual(['port web', 'port web']);
  });
});

describe('S9: an address that a port has claimed', () => {
  const VIP = '10.65.0.100';
  const claimed = (at: number, ...ips: readonly string[]) =>
    ips.map((ip_address) => ({ ip_address, claimed_at: `2026-01-01T00:00:0${at}.000Z` }));
  const peer = (more: Parameters<typeof port>[1] = {}): Part => ['port', port('peer', { allowed_address_pairs: pairs(VIP), ...more })];
  const sharing = (state: State): readonly string[] =>
    ['web', 'peer'].filter((id) => endpointOf(state, id)?.pairs.some(({ cidr, isYielded }) => cidr === `${VIP}/32` && !isYielded));

  it('goes to it alone: the pair of every other port is yielded, on whichever host', () => {
    const state = cloud(web({ allowed_address_pairs: pairs(VIP), claimed_addresses: claimed(1, VIP) }), peer());
    expect([endpointOf(state).claims, sharing(state)]).toEqual([[VIP], ['web']]);
    const apart = cloud(web({ allowed_address_pairs: pairs(VIP) }), peer({ 'binding:host_id': 'h2', claimed_addresses: claimed(1, VIP) }));
    expect([endpointOf(apart).claims, sharing(apart)]).toEqual([[], []]);
  });

  it.each([
    ['is plugged in nowhere', { 'binding:host_id': '' }],
    ['could not be bound', { 'binding:vif_type': 'binding_failed' }],
    ['is administratively down', { admin_state_up: false }],
    ['has lost the pair', { allowed_address_pairs: [] }],
    ['has it as its own by now', { fixed_ips: [fixedIp(VIP, 'sub4')], 'binding:host_id': '' }],
  ])('is shared again when its claimant %s', (_, more) => {
    const state = cloud(web({ allowed_address_pairs: pairs(VIP) }), peer({ claimed_addresses: claimed(1, VIP), ...more }));
    expect(sharing(state)).toContain('web');
  });

  it('of several claims goes to the latest', () => {
    const both = (at: number): State =>
      cloud(web({ allowed_address_pairs: pairs(VIP), claimed_addresses: claimed(at, VIP) }), peer({ claimed_addresses: claimed(5, VIP) }));
    expect([sharing(both(4)), sharing(both(6))]).toEqual([['peer'], ['web']]);
  });

  it('may lie within a prefix, but not be what somebody has by right: a live port, a gateway, an address beyond the network', () => {
    const prefix = { allowed_address_pairs: pairs('10.65.0.0/24', '192.0.2.0/24') };
    const state = cloud(
      web({ ...prefix, claimed_addresses: claimed(1, VIP, '10.65.0.1', '10.65.0.2', '10.65.0.7', '192.0.2.7') }),
      peer({ fixed_ips: [fixedIp('10.65.0.7', 'sub4')] }),
    );
    expect([endpointOf(state).claims, sharing(state)]).toEqual([[VIP], []]);
  });
});

describe('S16', () => {
  it('a stateless group is a stateless policy', () => {
    const policyOf = (stateful: boolean) => compileHost(cloud(web(), ['security_group', group('g', stateful)]), h1).policies.get('g');
    expect([policyOf(true)?.isStateful, policyOf(false)?.isStateful]).toEqual([true, false]);
  });

  it('an address group is a set of its own, and one that is not there is nobody', () => {
    const asks: Part = ['security_group_rule', rule('r', 'g', { remote_address_group_id: 'office' })];
    const set = (state: HostState) => state.sets.get('addresses-office')?.members;
    expect(set(compileHost(cloud(web(), asks, ['address_group', addressGroup('office', '192.0.2.7/32', '198.51.100.0/24')]), h1))).toEqual([
      '192.0.2.7',
      '198.51.100.0/24',
    ]);
    expect(set(compileHost(cloud(web(), asks), h1))).toEqual([]);
    expect(compileHost(cloud(web(), asks), h1).policies.get('g')?.rules[0]?.peer).toEqual({ kind: 'set', set: 'addresses-office' });
  });

  it('idea 2: a prefix that joins an address group is one member to the hosts that ask it', () => {
    const state = cloud(
      web(),
      ['security_group_rule', rule('r', 'g', { remote_address_group_id: 'office' })],
      ['address_group', addressGroup('office', '192.0.2.0/24')],
    );
    const compiler = new Compiler(state);
    const change = put(['address_group', addressGroup('office', '192.0.2.0/24', '198.51.100.0/24')]);
    applyChanges(state, [change]);
    const members = [{ set: 'addresses-office', add: ['198.51.100.0/24'], remove: [] }];
    expect([...compiler.apply([change], state)]).toEqual([[h1, { deletes: [], puts: [], rules: [], members }]]);
  });
});

describe('S21 to S23: floating IPs', () => {
  const bound: Part = ['floatingip', floatingIp('f', { port_id: 'web', fixed_ip_address: '10.65.0.2' })];

  it('stand for an address of their port, whose host learns the flat space; without one it does not', () => {
    const state = compileHost(cloud(web(), bound), h1);
    expect(state.endpoints.get('web')?.floating).toEqual([{ ip: '203.0.113.5', fixed: '10.65.0.2' }]);
    expect(state.sets.get(FLAT_SPACE)?.members).toEqual(['10.65.0.0/24', 'fd00:65::/64']);
    expect(compileHost(cloud(web()), h1).sets.has(FLAT_SPACE)).toBe(false);
  });

  it('idea 2: a new subnet is one member of the flat space to hosts with floating IPs, and nothing to others', () => {
    const state = cloud(web(), bound, ['port', port('db', { 'binding:host_id': 'h2' })]);
    const compiler = new Compiler(state);
    const change = put(['subnet', subnet('new', { cidr: '10.66.0.0/24', gateway_ip: '10.66.0.1' })]);
    applyChanges(state, [change]);
    const members = [{ set: FLAT_SPACE, add: ['10.66.0.0/24'], remove: [] }];
    expect([...compiler.apply([change], state)]).toEqual([[h1, { deletes: [], puts: [], rules: [], members }]]);
  });

  it('that stand for what their port does not have are problems', () => {
    const state = cloud(web(), ['floatingip', floatingIp('f', { port_id: 'web', fixed_ip_address: '10.65.0.9' })]);
    expect(endpointOf(state).floating).toEqual([]);
    expect(compileProblems(state)).toMatchObject([{ code: 'floatingip-not-compiled', subject: 'floatingip f' }]);
  });

  it('S23: all forwards of an address are with one port, the first that is plugged in, wherever they lead', () => {
    const far: Part = ['port', port('a-far', { fixed_ips: [fixedIp('10.65.0.3', 'sub4')], 'binding:host_id': 'h2' })];
    const parts: Part[] = [
      ['floatingip', floatingIp('f')],
      [
        'port_forwarding',
        forwarding('p1', 'f', {
          internal_port_id: 'a-far',
          internal_ip_address: '10.65.0.3',
          external_first_port: 90,
          external_last_port: 90,
        }),
      ],
      ['port_forwarding', forwarding('p2', 'f', { internal_port_id: 'web' })],
    ];
    const carried = (...more: readonly Part[]): readonly (readonly string[])[] => {
      const state = cloud(web(), ...parts, ...more);
      return ['h1', 'h2'].map((host) =>
        [...compileHost(state, asHostName(host)).endpoints.values()].flatMap(({ forwards }) => forwards.map(({ id }) => id)),
      );
    };
    expect(carried(far)).toEqual([[], ['p1', 'p2']]);
    expect(carried(['port', port('a-far', { fixed_ips: [fixedIp('10.65.0.3', 'sub4')], 'binding:host_id': '' })])).toEqual([
      ['p1', 'p2'],
      [],
    ]);
  });

  it('S19, S23: a port that is down, or whose network is, carries the forwards of no other, and carries its own where no other is up', () => {
    const far = (more: object): Part => [
      'port',
      port('a-far', { fixed_ips: [fixedIp('10.65.0.3', 'sub4')], 'binding:host_id': 'h2', network_id: 'net-far', ...more }),
    ];
    const toFar = forwarding('p1', 'f', { internal_port_id: 'a-far', internal_ip_address: '10.65.0.3', external_first_port: 90 });
    const parts: Part[] = [
      ['floatingip', floatingIp('f')],
      ['port_forwarding', { ...toFar, external_last_port: 90 }],
    ];
    const toWeb: Part = ['port_forwarding', forwarding('p2', 'f', { internal_port_id: 'web' })];
    const farNetwork = (admin_state_up: boolean): Part => ['network', network('net-far', { admin_state_up })];
    const carriers = (...more: readonly Part[]): readonly (readonly string[])[] => {
      const state = cloud(web(), ...parts, ...more);
      return ['h1', 'h2'].map((host) =>
        [...compileHost(state, asHostName(host)).endpoints.values()].flatMap(({ forwards }) => forwards.map(({ id }) => id)),
      );
    };
    expect(carriers(toWeb, far({}), farNetwork(true))).toEqual([[], ['p1', 'p2']]);
    expect(carriers(toWeb, far({ admin_state_up: false }), farNetwork(true))).toEqual([['p1', 'p2'], []]);
    expect(carriers(toWeb, far({}), farNetwork(false))).toEqual([['p1', 'p2'], []]);
    expect(carriers(far({ admin_state_up: false }), farNetwork(true))).toEqual([[], ['p1']]);
  });

  it('S23: one more forwarding, whatever its id, leaves the others where they are', () => {
    const far: Part = ['port', port('a-far', { fixed_ips: [fixedIp('10.65.0.3', 'sub4')], 'binding:host_id': 'h2' })];
    const old: Part = ['port_forwarding', forwarding('p9', 'f', { internal_port_id: 'web' })];
    const more = forwarding('p1', 'f', {
      internal_port_id: 'a-far',
      internal_ip_address: '10.65.0.3',
      external_first_port: 90,
      external_last_port: 90,
    });
    const young: Part = ['port_forwarding', { ...more, created_at: '2026-01-02T00:00:00Z' }];
    expect(endpointOf(cloud(web(), far, ['floatingip', floatingIp('f')], old, young)).forwards.map(({ id }) => id)).toEqual(['p1', 'p9']);
  });

  it('S23: of forwardings of one second, one that goes moves nothing while its port has another', () => {
    const far: Part = ['port', port('z-far', { fixed_ips: [fixedIp('10.65.0.3', 'sub4')], 'binding:host_id': 'h2' })];
    const ports = (first: number) => ({ external_first_port: first, external_last_port: first });
    const toWeb = (id: string, first: number): Part => [
      'port_forwarding',
      forwarding(id, 'f', { internal_port_id: 'web', ...ports(first) }),
    ];
    const toFar = forwarding('p1', 'f', { internal_port_id: 'z-far', internal_ip_address: '10.65.0.3', ...ports(90) });
    const base: readonly Part[] = [far, ['floatingip', floatingIp('f')], ['port_forwarding', toFar], toWeb('p2', 91)];
    const carried = (...parts: readonly Part[]): readonly string[] => endpointOf(cloud(web(), ...parts)).forwards.map(({ id }) => id);
    expect(carried(...base, toWeb('p0', 92))).toEqual(['p0', 'p1', 'p2']);
    expect(carried(...base)).toEqual(['p1', 'p2']);
  });

  it('S23: a forwarding that cannot be said, or whose ports are taken, is a problem and takes no other along', () => {
    const state = cloud(
      web(),
      ['floatingip', floatingIp('f')],
      ...[
        forwarding('p1', 'f', { internal_port_id: 'web' }),
        forwarding('p2', 'f', { internal_port_id: 'web', external_first_port: 79, external_last_port: 81 }),
        forwarding('p3', 'f', { internal_port_id: 'web', protocol: 'icmp' }),
        forwarding('p4', 'f', {
          internal_port_id: 'web',
          internal_ip_address: '10.65.0.99',
          external_first_port: 99,
          external_last_port: 99,
        }),
        forwarding('p5', 'f', { internal_port_id: 'web', protocol: 'sctp' }),
      ].map((value): Part => ['port_forwarding', value]),
    );
    expect(endpointOf(state).forwards.map(({ id }) => id)).toEqual(['p1', 'p5']);
    expect(compileProblems(state).map(({ subject }) => subject)).toEqual([
      'port_forwarding p2',
      'port_forwarding p3',
      'port_forwarding p4',
    ]);
  });
});

describe('S21, S24: what a router decides', () => {
  const bound: Part = ['floatingip', floatingIp('f', { port_id: 'web', fixed_ip_address: '10.65.0.2' })];
  const forwarded: Part[] = [
    ['floatingip', floatingIp('f')],
    ['port_forwarding', forwarding('p', 'f', { internal_port_id: 'web' })],
  ];
  const down: Part = ['router', router('r', { admin_state_up: false })];

  it('S21, S23: one that is down lets no floating IP and no forward through', () => {
    expect(endpointOf(cloud(web(), bound)).floating.length).toBe(1);
    expect(endpointOf(cloud(web(), bound, down)).floating).toEqual([]);
    expect(endpointOf(cloud(web(), ...forwarded)).forwards.length).toBe(1);
    expect(endpointOf(cloud(web(), ...forwarded, down)).forwards).toEqual([]);
  });

  const on: Part = ['port', routerInterface('if', 'r')];
  const secondary = [fixedIp('10.65.0.7', 'sub4')];
  const gateway = { network_id: 'net-ext', port_id: 'g' };
  const cases: readonly (readonly [string, readonly Part[], boolean])[] = [
    ['with an external gateway and source NAT', [on], true],
    ['that is down', [on, down], false],
    ['without a gateway', [on, ['router', router('r', { gateway: null })]], false],
    ['with enable_snat false', [on, ['router', router('r', { gateway: { ...gateway, enable_snat: false } })]], false],
    ['that is not on the subnet', [], false],
    ['on a subnet that has no router as its gateway', [['port', routerInterface('if', 'r', { fixed_ips: secondary })]], true],
    [
      'beside the one that is the gateway, which has no way out',
      [
        ['router', router('inner', { gateway: null })],
        ['port', routerInterface('if', 'inner')],
        ['port', routerInterface('second', 'r', { fixed_ips: secondary })],
      ],
      false,
    ],
  ];
  it.each(cases)('S24: a router %s: a way out by source NAT, with the flat space, or none', (_, parts, isOut) => {
    const state = compileHost(cloud(web(), ...parts), h1);
    expect(state.subnets.get('sub4')?.hasSnat).toBe(isOut);
    expect(state.sets.has(FLAT_SPACE)).toBe(isOut);
  });

  it('S24: enable_snat turned off is one subnet, and the flat space that is not needed any more, to the hosts that have it', () => {
    const state = cloud(web(), on);
    const compiler = new Compiler(state);
    const change = put(['router', router('r', { gateway: { ...gateway, enable_snat: false } })]);
    applyChanges(state, [change]);
    const delta = compiler.apply([change], state).get(h1);
    expect(delta).toMatchObject({ deletes: [{ kind: 'set', id: FLAT_SPACE }], puts: [{ kind: 'subnet', id: 'sub4', hasSnat: false }] });
  });
});

describe('QoS', () => {
  const rules: Part[] = [
    [
      'qos_bandwidth_limit_rule',
      qosRule<'qos_bandwidth_limit_rule'>('b1', 'gold', { max_kbps: 100_000, max_burst_kbps: 0, direction: 'egress' }),
    ],
    [
      'qos_bandwidth_limit_rule',
      qosRule<'qos_bandwidth_limit_rule'>('b2', 'gold', { max_kbps: 1000, max_burst_kbps: 100, direction: 'ingress' }),
    ],
    [
      'qos_packet_rate_limit_rule',
      qosRule<'qos_packet_rate_limit_rule'>('r1', 'gold', { max_kpps: 5, max_burst_kpps: 1, direction: 'egress' }),
    ],
    ['qos_dscp_marking_rule', qosRule<'qos_dscp_marking_rule'>('d1', 'gold', { dscp_mark: 26 })],
  ];
  const gold = {
    dscp: 26,
    limits: [
      { direction: 'egress', unit: 'bytes', rate: 12_500_000, burst: 10_000_000 },
      { direction: 'egress', unit: 'packets', rate: 5000, burst: 1000 },
      { direction: 'ingress', unit: 'bytes', rate: 125_000, burst: 12_500 },
    ],
  };

  it("is the port's own policy, else its network's", () => {
    expect(endpointOf(cloud(web({ qos_policy_id: 'gold' }), ...rules)).qos).toEqual(gold);
    expect(endpointOf(cloud(web(), ['network', network('net-a', { qos_policy_id: 'gold' })], ...rules)).qos).toEqual(gold);
    const lead: Part = ['network', network('net-a', { qos_policy_id: 'gold' })];
    expect(endpointOf(cloud(web({ qos_policy_id: 'lead' }), lead, ...rules)).qos).toEqual({ dscp: null, limits: [] });
  });
});

describe('QoS of floating IPs', () => {
  const rule = (id: string, policy: string, max_kbps: number): Part => [
    'qos_bandwidth_limit_rule',
    qosRule<'qos_bandwidth_limit_rule'>(id, policy, { max_kbps, max_burst_kbps: 0, direction: 'ingress' }),
  ];
  const limits = (rate: number) => [{ ip: '203.0.113.5', limits: [{ direction: 'ingress', unit: 'bytes', rate, burst: rate * 0.8 }] }];
  const outside: Part = ['network', network('net-ext', { qos_policy_id: 'lead' })];
  const rules = [rule('b1', 'gold', 80_000), rule('b2', 'lead', 8000)];
  const bound = (more: object = {}): Part => ['floatingip', floatingIp('f', { port_id: 'web', fixed_ip_address: '10.65.0.2', ...more })];

  it('is that of its own policy, else that of its network', () => {
    expect(endpointOf(cloud(web(), bound(), ...rules)).floatingLimits).toEqual([]);
    expect(endpointOf(cloud(web(), bound({ qos_policy_id: 'gold' }), outside, ...rules)).floatingLimits).toEqual(limits(10_000_000));
    expect(endpointOf(cloud(web(), bound(), outside, ...rules)).floatingLimits).toEqual(limits(1_000_000));
  });

  it('holds for an address that forwards, and for none that a router which is down does not let through', () => {
    const gold = { qos_policy_id: 'gold' };
    const forwards: Part[] = [
      ['floatingip', floatingIp('f', gold)],
      ['port_forwarding', forwarding('p', 'f', { internal_port_id: 'web' })],
    ];
    expect(endpointOf(cloud(web(), ...forwards, ...rules)).floatingLimits).toEqual(limits(10_000_000));
    const down: Part = ['router', router('r', { admin_state_up: false })];
    expect(endpointOf(cloud(web(), bound(gold), down, ...rules)).floatingLimits).toEqual([]);
  });
});

describe('logs', () => {
  const logsOf = (...parts: readonly Part[]) =>
    endpointOf(cloud(web({ project_id: 'p' }), ...parts)).logs.map(({ id, event, policy }) => [id, event, policy]);
  const of = (id: string, more: Parameters<typeof log>[1] = {}): Part => ['log', log(id, more)];

  it('of the port, of a group of it, of both, and of its project are for it, in order', () => {
    const both = { target_id: 'web', resource_id: 'g' };
    expect(
      logsOf(of('d'), of('c', both), of('b', { resource_id: 'g', event: 'DROP' }), of('a', { target_id: 'web', event: 'ACCEPT' })),
    ).toEqual([
      ['a', 'accept', null],
      ['b', 'drop', 'g'],
      ['c', 'all', 'g'],
      ['d', 'all', null],
    ]);
  });

  it('that are off, of another port, group or project, or of a group that the port has left are not', () => {
    const elsewhere = { target_id: 'web', resource_id: 'left' };
    const others = [of('a', { target_id: 'db' }), of('b', { resource_id: 'other' }), of('c', { project_id: 'q' }), of('d', elsewhere)];
    expect(logsOf(...others, of('e', { enabled: false }))).toEqual([]);
  });
});

it('S26: extra DHCP options are typed, and one that cannot be said keeps no other', () => {
  const option = (opt_name: string, opt_value: string, ip_version = 4) => ({ opt_name, opt_value, ip_version });
  const state = cloud(
    web({
      extra_dhcp_opts: [
        option('tftp-server', '192.0.2.1'),
        option('router', ''),
        option('mtu', '1400'),
        option('ntp-server', '192.0.2.3,192.0.2.4'),
        option('classless-static-route', '10.0.0.0/8,10.65.0.9'),
        option('224', '01:04:FF'),
        option('domain-search', 'a.example,b.example', 6),
        option('bootfile-name', 'x\nserver=1.2.3.4'),
        option('martian', 'x'),
      ],
    }),
  );
  expect(endpointOf(state).dhcpOptions).toEqual([
    { family: 4, code: 3, value: { kind: 'none' } },
    { family: 4, code: 26, value: { kind: 'number', bytes: 2, number: 1400 } },
    { family: 4, code: 42, value: { kind: 'ips', ips: ['192.0.2.3', '192.0.2.4'] } },
    { family: 4, code: 66, value: { kind: 'word', word: '192.0.2.1' } },
    { family: 4, code: 121, value: { kind: 'routes', routes: [{ destination: '10.0.0.0/8', nexthop: '10.65.0.9' }] } },
    { family: 4, code: 224, value: { kind: 'hex', hex: '01:04:ff' } },
    { family: 6, code: 24, value: { kind: 'names', names: ['a.example', 'b.example'] } },
  ]);
  expect(compileProblems(state).map(({ detail }) => detail)).toEqual([
    expect.stringContaining('bootfile-name'),
    expect.stringContaining('martian'),
  ]);
});

it.each([
  [
    [
      ['bootfile-name', 'pxelinux.0'],
      ['tftp-server', '2001:db8::66'],
      ['server-ip-address', '2001:db8::77'],
    ],
    'tftp://[2001:db8::77]/pxelinux.0',
  ],
  [
    [
      ['tftp-server', 'boot.example'],
      ['bootfile-name', '/images/a'],
    ],
    'tftp://boot.example/images/a',
  ],
  [[['server-ip-address', '2001:db8::77']], 'tftp://[2001:db8::77]/'],
  [
    [
      ['bootfile-name', 'http://[2001:db8::1]/a.efi'],
      ['tftp-server', '2001:db8::66'],
    ],
    'http://[2001:db8::1]/a.efi',
  ],
  [[['bootfile-url', 'tftp://[2001:db8::1]/a']], 'tftp://[2001:db8::1]/a'],
])('S26: what an IPv6 port boots from is one URL: %j', (options, url) => {
  const extra_dhcp_opts = options.map(([opt_name = '', opt_value = '']) => ({ opt_name, opt_value, ip_version: 6 as const }));
  expect(endpointOf(cloud(web({ extra_dhcp_opts }))).dhcpOptions).toEqual([{ family: 6, code: 59, value: { kind: 'word', word: url } }]);
});

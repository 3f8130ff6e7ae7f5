import { asIp, type Ip } from '@manx/ip';
import type { Change } from '@manx/model';
import fc from 'fast-check';
import {
  addressGroup,
  agent,
  bgpPeer,
  bgpSpeaker,
  binding,
  fixedIp,
  floatingIp,
  forwarding,
  group,
  log,
  network,
  port,
  qosRule,
  router,
  rule,
  subnet,
} from './cloud.js';

/** Few names, so that resources meet: hosts share groups, groups refer to each other, ports move, addresses come back. */
export const HOSTS = ['h1', 'h2', 'h3'] as const;
const NETWORKS = ['net-a', 'net-b'] as const;
const SUBNETS = ['sub-a4', 'sub-a6', 'sub-b4'] as const;
const GROUPS = ['grp-1', 'grp-2', 'grp-3', 'grp-4'] as const;
const PORTS = ['port-1', 'port-2', 'port-3', 'port-4', 'port-5', 'port-6'] as const;
const ADDRESS_GROUPS = ['grp-1', 'adr-2'] as const;
const FLOATING = ['fip-1', 'fip-2'] as const;
const ROUTERS = ['rtr-1', 'rtr-2'] as const;
const FORWARDINGS = ['pf-1', 'pf-2', 'pf-3'] as const;
const LOGS = ['log-1', 'log-2', 'log-3'] as const;
const QOS_RULES = ['qr-1', 'qr-2'] as const;
const BINDINGS = ['bnd-1', 'bnd-2', 'bnd-3'] as const;
const RULES = ['rule-1', 'rule-2', 'rule-3', 'rule-4', 'rule-5', 'rule-6', 'rule-7'] as const;
const ADDRESSES = {
  'sub-a4': ['10.65.0.2', '10.65.0.3', '10.65.0.10'],
  'sub-a6': ['fd00:65::2', 'fd00:65::'],
  'sub-b4': ['172.18.3.23', '172.18.0.9', 'not-an-ip'],
} as const;
const GATEWAYS = { 'sub-a4': '10.65.0.1', 'sub-a6': 'fd00:65::1', 'sub-b4': '172.18.0.1' } as const;
/** The one port that has gateways' addresses now and then: no two have the same (S12), and who has it counts here. */
const ROUTER = 'port-1';
/** The one port that has addresses now and then which are others' pairs. */
const SPARE = { port: 'port-2', 'sub-a4': '10.65.0.50', 'sub-a6': 'fd00:65::50' } as const;
const CIDRS = { 'sub-a4': '10.65.0.0/24', 'sub-a6': 'fd00:65::/64', 'sub-b4': '172.18.0.0/16' } as const;

const ROUTER_INTERFACE = 'network:router_interface';

/** Mostly the first, now and then the others: what is wrong must be met, but not hide what is right. */
function mostly<T>(usual: fc.Arbitrary<T>, ...rare: fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: usual }, ...rare.map((arbitrary) => ({ weight: 1, arbitrary })));
}

const networks = fc.record({
  id: fc.constantFrom(...NETWORKS),
  mtu: mostly<number>(fc.constantFrom(1500, 9000), fc.constant(10)),
  admin_state_up: fc.boolean(),
  qos_policy_id: fc.constantFrom(null, 'qos-1'),
  dns_domain: mostly<string>(fc.constantFrom('', 'a.example.'), fc.constant('long.'.repeat(49))),
});

const subnets = fc
  .record({
    id: fc.constantFrom(...SUBNETS),
    network_id: fc.constantFrom(...NETWORKS),
    enable_dhcp: fc.boolean(),
    hasGateway: fc.boolean(),
    dns_nameservers: mostly<readonly string[]>(fc.constant([]), fc.constant(['0.0.0.0']), fc.constant(['fd00::53'])),
  })
  .map(({ hasGateway, ...s }) => ({
    ...s,
    cidr: CIDRS[s.id],
    gateway_ip: hasGateway ? GATEWAYS[s.id] : null,
    ipv6_ra_mode: s.id === 'sub-a6' ? 'slaac' : null,
  }));

const fixedIps = fc.uniqueArray(
  fc.constantFrom(...SUBNETS).chain((id) => fc.constantFrom(...ADDRESSES[id]).map((ip) => fixedIp(ip, id))),
  { maxLength: 3, selector: ({ ip_address }) => ip_address },
);

const pairs = fc.record({
  ip_address: mostly<string>(
    fc.constantFrom('10.65.0.50', '10.65.0.128/25', 'fd00:65::50', '10.65.0.1', '192.0.2.0/24'),
    fc.constantFrom('0.0.0.0/0', '10.65.0.1/24', 'nonsense', '10.65.0.50/32'),
  ),
  mac_address: mostly<string>(fc.constantFrom('fa:16:3e:00:00:01', 'fa:16:3e:00:00:aa'), fc.constant('FA-16')),
});

const claims = fc.record({
  ip_address: mostly<string>(
    fc.constantFrom('10.65.0.50', 'fd00:65::50', '10.65.0.130'),
    fc.constantFrom('10.65.0.2', '10.65.0.1', 'nonsense'),
  ),
  claimed_at: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z'),
});

const DHCP_OPTIONS = [
  { opt_name: 'router', opt_value: '', ip_version: 4 },
  { opt_name: '67', opt_value: 'pxelinux.0', ip_version: 4 },
  { opt_name: 'bootfile-name', opt_value: 'a\nb', ip_version: 4 },
  { opt_name: 'martian', opt_value: 'x', ip_version: 4 },
  { opt_name: 'dns-server', opt_value: 'fd00::53', ip_version: 6 },
] as const;

const ports = fc.record({
  id: fc.constantFrom(...PORTS),
  network_id: fc.constantFrom(...NETWORKS),
  admin_state_up: mostly<boolean>(fc.constant(true), fc.constant(false)),
  fixed_ips: fixedIps,
  security_groups: fc.subarray([...GROUPS], { maxLength: 3 }),
  'binding:host_id': mostly<string>(fc.constantFrom(...HOSTS), fc.constant(''), fc.constant('no/host')),
  'binding:vif_type': mostly<string>(fc.constant('tap'), fc.constantFrom('binding_failed', 'unbound')),
  mac_address: mostly<string>(fc.constant('fa:16:3e:00:00:01'), fc.constantFrom('fa:16:3e:00:00:02', 'FA-16')),
  name: fc.constantFrom('one', 'another'),
  isRouter: fc.boolean(),
  isSpare: fc.boolean(),
  device_owner: mostly<string>(
    fc.constant('compute:nova'),
    fc.constant('network:floatingip'),
    fc.constant(ROUTER_INTERFACE),
    fc.constant(ROUTER_INTERFACE),
  ),
  device_id: fc.constantFrom(...ROUTERS),
  port_security_enabled: mostly<boolean>(fc.constant(true), fc.constant(false)),
  allowed_address_pairs: fc.uniqueArray(pairs, { maxLength: 2, selector: ({ ip_address, mac_address }) => `${ip_address} ${mac_address}` }),
  claimed_addresses: fc.uniqueArray(claims, { maxLength: 2, selector: ({ ip_address }) => ip_address }),
  extra_dhcp_opts: fc.subarray([...DHCP_OPTIONS]),
  'binding:profile': fc.constantFrom<object>({}, {}, {}, { migrating_to: 'h2' }, { migrating_to: 'h3' }, { migrating_to: 7 }),
  visits: fc.constantFrom<object | undefined>(undefined, [{ host: 'h2', has_arrived: true }], [{ host: 'h3', has_arrived: false }]),
  qos_policy_id: fc.constantFrom(null, null, 'qos-1', 'qos-2'),
  project_id: mostly<string>(fc.constantFrom('blue', 'red'), fc.constant('')),
  dns_name: fc.constantFrom('', 'www'),
  dns_domain: mostly<string>(fc.constant(''), fc.constant('p.example.')),
});

function portPut({ isRouter, isSpare, ...p }: typeof ports extends fc.Arbitrary<infer P> ? P : never): Change {
  const gateways = isRouter && p.id === ROUTER ? SUBNETS.map((id) => fixedIp(GATEWAYS[id], id)) : [];
  const spares = isSpare && p.id === SPARE.port ? (['sub-a4', 'sub-a6'] as const).map((id) => fixedIp(SPARE[id], id)) : [];
  return { op: 'put', kind: 'port', id: p.id, value: port(p.id, { ...p, fixed_ips: [...p.fixed_ips, ...gateways, ...spares] }) };
}

const peers = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...GROUPS).map((id) => ({ remote_group_id: id })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('10.65.0.7/24', '0.0.0.0/0', '::/0', 'nonsense').map((prefix) => ({ remote_ip_prefix: prefix })),
  },
  { weight: 2, arbitrary: fc.constantFrom(...ADDRESS_GROUPS).map((id) => ({ remote_address_group_id: id })) },
  { weight: 1, arbitrary: fc.constant({}) },
);

const rules = fc
  .record({
    id: fc.constantFrom(...RULES),
    security_group_id: fc.constantFrom(...GROUPS),
    ethertype: fc.constantFrom('IPv4', 'IPv6'),
    direction: fc.constantFrom('ingress', 'egress'),
    protocol: fc.constantFrom(null, 'tcp', 'icmp', '132', 'martian'),
    port_range_min: fc.constantFrom(null, null, 8),
    port_range_max: fc.constantFrom(null, null, 80),
  })
  .chain((r) => peers.map((peer) => ({ ...r, ...peer })));

const bindings = fc.record({
  id: fc.constantFrom(...BINDINGS),
  port_id: fc.constantFrom(...PORTS),
  host: mostly<string>(fc.constantFrom(...HOSTS), fc.constant('no/host')),
  vif_type: mostly<string>(fc.constant('tap'), fc.constant('unbound')),
});

const routers = fc.record({
  id: fc.constantFrom(...ROUTERS),
  admin_state_up: mostly<boolean>(fc.constant(true), fc.constant(false)),
  gateway: fc.constantFrom(null, { network_id: 'net-b', enable_snat: true }, { network_id: 'net-b', enable_snat: false }),
});

const floatingIps = fc.record({
  id: fc.constantFrom(...FLOATING),
  floating_ip_address: fc.constantFrom('203.0.113.5', '203.0.113.6'),
  port_id: fc.constantFrom(null, ...PORTS),
  router_id: mostly<string | null>(fc.constantFrom(...ROUTERS), fc.constant(null)),
  floating_network_id: fc.constantFrom(...NETWORKS),
  qos_policy_id: fc.constantFrom(null, null, 'qos-1', 'qos-2'),
  fixed_ip_address: mostly<string | null>(fc.constantFrom('10.65.0.2', '10.65.0.3'), fc.constant(null), fc.constant('fd00:65::2')),
});

const forwardings = fc.record({
  id: fc.constantFrom(...FORWARDINGS),
  floatingip_id: fc.constantFrom(...FLOATING),
  internal_port_id: fc.constantFrom(...PORTS),
  internal_ip_address: fc.constantFrom('10.65.0.2', '10.65.0.3'),
  protocol: mostly<string>(fc.constantFrom('tcp', 'udp'), fc.constant('icmp')),
  external_first_port: fc.constantFrom(80, 85),
  external_last_port: fc.constantFrom(80, 90),
  internal_first_port: fc.constantFrom(8080),
  internal_last_port: fc.constantFrom(8080, 8090),
});

const qosRules: fc.Arbitrary<Change> = fc
  .tuple(
    fc.constantFrom(...QOS_RULES),
    fc.constantFrom('qos-1', 'qos-2'),
    fc.constantFrom(0, 1000),
    fc.constantFrom('egress', 'ingress'),
    fc.nat(2),
  )
  .map(([id, policy, amount, direction, n]): Change => {
    if (n === 0)
      return { op: 'put', kind: 'qos_dscp_marking_rule', id, value: qosRule<'qos_dscp_marking_rule'>(id, policy, { dscp_mark: 26 }) };
    if (n === 1) {
      const value = qosRule<'qos_packet_rate_limit_rule'>(id, policy, { direction, max_kpps: amount, max_burst_kpps: 0 });
      return { op: 'put', kind: 'qos_packet_rate_limit_rule', id, value };
    }
    const value = qosRule<'qos_bandwidth_limit_rule'>(id, policy, { direction, max_kbps: amount, max_burst_kbps: amount });
    return { op: 'put', kind: 'qos_bandwidth_limit_rule', id, value };
  });

const AGENTS = { 'agent-1': 'h1', 'agent-2': 'h2', 'agent-3': 'h3' } as const;
const AGENT_IDS = ['agent-1', 'agent-2', 'agent-3'] as const;
const SPEAKERS = ['spk-1', 'spk-2'] as const;
const PEERS = ['peer-1', 'peer-2'] as const;

const speakers = fc.record(
  {
    id: fc.constantFrom(...SPEAKERS),
    peers: fc.subarray([...PEERS]),
    local_as: fc.constantFrom(65_000, 65_100),
    networks: fc.subarray([...NETWORKS]),
    has_own_networks: fc.constant(true),
    advertise_tenant_networks: fc.boolean(),
    advertise_floating_ip_host_routes: fc.boolean(),
    hosting: fc.record({ isEverywhere: fc.boolean(), agents: fc.subarray([...AGENT_IDS]) }),
  },
  { requiredKeys: ['id', 'peers'] },
);

const speaking: fc.Arbitrary<Change> = fc.oneof(
  speakers.map((s): Change => ({ op: 'put', kind: 'bgp_speaker', id: s.id, value: bgpSpeaker(s.id, s.peers, s) })),
  fc
    .record({
      id: fc.constantFrom(...PEERS),
      peer_ip: mostly<string>(fc.constantFrom('198.18.0.1', '198.18.0.2'), fc.constant('127.0.0.1')),
      auth_type: fc.constantFrom('none', 'none', 'md5'),
      password: mostly<string | null>(fc.constant(null), fc.constant('s3cret')),
    })
    .map((p): Change => ({ op: 'put', kind: 'bgp_peer', id: p.id, value: bgpPeer(p.id, p) })),
  fc.constantFrom(...AGENT_IDS).map((id): Change => ({ op: 'put', kind: 'agent', id, value: agent(id, AGENTS[id]) })),
);

const logs = fc
  .record({
    resource_id: fc.option(fc.constantFrom(...GROUPS)),
    target_id: fc.option(fc.constantFrom(...PORTS)),
    event: fc.constantFrom('ACCEPT', 'DROP', 'ALL'),
    enabled: fc.boolean(),
    project_id: fc.constantFrom('blue', 'red'),
  })
  .chain((values) => fc.constantFrom(...LOGS).map((id): Change => ({ op: 'put', kind: 'log', id, value: log(id, values) })));

const interest = (group: string, source: string | null): { readonly group: Ip; readonly source: Ip | null } => ({
  group: asIp(group),
  source: source === null ? null : asIp(source),
});

const agents = fc.record({
  id: fc.constantFrom(...AGENT_IDS),
  multicast: fc.option(
    fc.record({
      address: fc.constantFrom('192.0.2.1', '192.0.2.2').map(asIp),
      groups: fc.subarray([
        interest('239.1.1.1', null),
        interest('239.1.1.1', '10.65.0.2'),
        interest('ff0e::1', null),
        interest('224.0.0.9', null),
      ]),
    }),
  ),
});

const puts: fc.Arbitrary<Change> = fc.oneof(
  { weight: 1, arbitrary: logs },
  { weight: 1, arbitrary: networks.map((n): Change => ({ op: 'put', kind: 'network', id: n.id, value: network(n.id, n) })) },
  { weight: 1, arbitrary: subnets.map((s): Change => ({ op: 'put', kind: 'subnet', id: s.id, value: subnet(s.id, s) })) },
  { weight: 6, arbitrary: ports.map(portPut) },
  {
    weight: 4,
    arbitrary: rules.map((r): Change => ({ op: 'put', kind: 'security_group_rule', id: r.id, value: rule(r.id, r.security_group_id, r) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...GROUPS), fc.boolean())
      .map(([id, stateful]): Change => ({ op: 'put', kind: 'security_group', id, value: group(id, stateful) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...ADDRESS_GROUPS), fc.subarray(['10.65.0.2/32', '192.0.2.0/24', 'fd00::/8', 'nonsense']))
      .map(([id, addresses]): Change => ({ op: 'put', kind: 'address_group', id, value: addressGroup(id, ...addresses) })),
  },
  {
    weight: 3,
    arbitrary: floatingIps.map((f): Change => ({ op: 'put', kind: 'floatingip', id: f.id, value: floatingIp(f.id, f) })),
  },
  {
    weight: 3,
    arbitrary: forwardings.map(
      (f): Change => ({ op: 'put', kind: 'port_forwarding', id: f.id, value: forwarding(f.id, f.floatingip_id, f) }),
    ),
  },
  {
    weight: 2,
    arbitrary: bindings.map((b): Change => ({ op: 'put', kind: 'port_binding', id: b.id, value: binding(b.id, b.port_id, b) })),
  },
  { weight: 1, arbitrary: qosRules },
  {
    weight: 2,
    arbitrary: agents.map(({ id, multicast }): Change => ({ op: 'put', kind: 'agent', id, value: agent(id, AGENTS[id], { multicast }) })),
  },
  { weight: 1, arbitrary: routers.map((r): Change => ({ op: 'put', kind: 'router', id: r.id, value: router(r.id, r) })) },
  { weight: 3, arbitrary: speaking },
);

const deletes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...LOGS).map((id): Change => ({ op: 'delete', kind: 'log', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...NETWORKS).map((id): Change => ({ op: 'delete', kind: 'network', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...SUBNETS).map((id): Change => ({ op: 'delete', kind: 'subnet', id })) },
  { weight: 6, arbitrary: fc.constantFrom(...PORTS).map((id): Change => ({ op: 'delete', kind: 'port', id })) },
  { weight: 4, arbitrary: fc.constantFrom(...RULES).map((id): Change => ({ op: 'delete', kind: 'security_group_rule', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...GROUPS).map((id): Change => ({ op: 'delete', kind: 'security_group', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...ADDRESS_GROUPS).map((id): Change => ({ op: 'delete', kind: 'address_group', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...BINDINGS).map((id): Change => ({ op: 'delete', kind: 'port_binding', id })) },
  { weight: 2, arbitrary: fc.constantFrom(...FLOATING).map((id): Change => ({ op: 'delete', kind: 'floatingip', id })) },
  { weight: 2, arbitrary: fc.constantFrom(...FORWARDINGS).map((id): Change => ({ op: 'delete', kind: 'port_forwarding', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...ROUTERS).map((id): Change => ({ op: 'delete', kind: 'router', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...QOS_RULES).map((id): Change => ({ op: 'delete', kind: 'qos_bandwidth_limit_rule', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...SPEAKERS).map((id): Change => ({ op: 'delete', kind: 'bgp_speaker', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...PEERS).map((id): Change => ({ op: 'delete', kind: 'bgp_peer', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...AGENT_IDS).map((id): Change => ({ op: 'delete', kind: 'agent', id })) },
);

/** Commits of one to four changes, in any order, references left dangling and values wrong among them. */
export const commits: fc.Arbitrary<readonly (readonly Change[])[]> = fc.array(
  fc.array(fc.oneof({ weight: 3, arbitrary: puts }, { weight: 1, arbitrary: deletes }), { minLength: 1, maxLength: 4 }),
  { minLength: 1, maxLength: 25, size: 'max' },
);

/** A small whole cloud to begin with: both networks, all subnets, so that most ports have what they need. */
export const FOUNDATION: readonly Change[] = [
  ...NETWORKS.map((id): Change => ({ op: 'put', kind: 'network', id, value: network(id) })),
  ...ROUTERS.map((id): Change => ({ op: 'put', kind: 'router', id, value: router(id) })),
  ...SUBNETS.map((id): Change => {
    const v6 = id === 'sub-a6' ? { ip_version: 6, ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' } : {};
    return {
      op: 'put',
      kind: 'subnet',
      id,
      value: subnet(id, { network_id: id === 'sub-b4' ? 'net-b' : 'net-a', cidr: CIDRS[id], gateway_ip: GATEWAYS[id], ...v6 }),
    };
  }),
];

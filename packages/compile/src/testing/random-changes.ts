import type { Change } from '@manx/model';
import fc from 'fast-check';
import { fixedIp, group, network, port, rule, subnet } from './cloud.js';

/** Few names, so that resources meet: hosts share groups, groups refer to each other, ports move, addresses come back. */
export const HOSTS = ['h1', 'h2', 'h3'] as const;
const NETWORKS = ['net-a', 'net-b'] as const;
const SUBNETS = ['sub-a4', 'sub-a6', 'sub-b4'] as const;
const GROUPS = ['grp-1', 'grp-2', 'grp-3', 'grp-4'] as const;
const PORTS = ['port-1', 'port-2', 'port-3', 'port-4', 'port-5', 'port-6'] as const;
const RULES = ['rule-1', 'rule-2', 'rule-3', 'rule-4', 'rule-5', 'rule-6', 'rule-7'] as const;
const ADDRESSES = {
  'sub-a4': ['10.65.0.2', '10.65.0.3', '10.65.0.10'],
  'sub-a6': ['fd00:65::2', 'fd00:65::'],
  'sub-b4': ['172.18.3.23', '172.18.0.9', 'not-an-ip'],
} as const;
const GATEWAYS = { 'sub-a4': '10.65.0.1', 'sub-a6': 'fd00:65::1', 'sub-b4': '172.18.0.1' } as const;
/** The one port that has gateways' addresses now and then: no two have the same (S12), and who has it counts here. */
const ROUTER = 'port-1';
const CIDRS = { 'sub-a4': '10.65.0.0/24', 'sub-a6': 'fd00:65::/64', 'sub-b4': '172.18.0.0/16' } as const;

/** Mostly the first, now and then the others: what is wrong must be met, but not hide what is right. */
function mostly<T>(usual: fc.Arbitrary<T>, ...rare: fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 8, arbitrary: usual }, ...rare.map((arbitrary) => ({ weight: 1, arbitrary })));
}

const networks = fc.record({
  id: fc.constantFrom(...NETWORKS),
  mtu: mostly<number>(fc.constantFrom(1500, 9000), fc.constant(10)),
  admin_state_up: fc.boolean(),
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
});

function portPut({ isRouter, ...p }: typeof ports extends fc.Arbitrary<infer P> ? P : never): Change {
  const gateways = isRouter && p.id === ROUTER ? SUBNETS.map((id) => fixedIp(GATEWAYS[id], id)) : [];
  return { op: 'put', kind: 'port', id: p.id, value: port(p.id, { ...p, fixed_ips: [...p.fixed_ips, ...gateways] }) };
}

const peers = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...GROUPS).map((id) => ({ remote_group_id: id })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('10.65.0.7/24', '0.0.0.0/0', '::/0', 'nonsense').map((prefix) => ({ remote_ip_prefix: prefix })),
  },
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

const puts: fc.Arbitrary<Change> = fc.oneof(
  { weight: 1, arbitrary: networks.map((n): Change => ({ op: 'put', kind: 'network', id: n.id, value: network(n.id, n) })) },
  { weight: 1, arbitrary: subnets.map((s): Change => ({ op: 'put', kind: 'subnet', id: s.id, value: subnet(s.id, s) })) },
  { weight: 6, arbitrary: ports.map(portPut) },
  {
    weight: 4,
    arbitrary: rules.map((r): Change => ({ op: 'put', kind: 'security_group_rule', id: r.id, value: rule(r.id, r.security_group_id, r) })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...GROUPS).map((id): Change => ({ op: 'put', kind: 'security_group', id, value: group(id) })) },
);

const deletes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...NETWORKS).map((id): Change => ({ op: 'delete', kind: 'network', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...SUBNETS).map((id): Change => ({ op: 'delete', kind: 'subnet', id })) },
  { weight: 6, arbitrary: fc.constantFrom(...PORTS).map((id): Change => ({ op: 'delete', kind: 'port', id })) },
  { weight: 4, arbitrary: fc.constantFrom(...RULES).map((id): Change => ({ op: 'delete', kind: 'security_group_rule', id })) },
  { weight: 1, arbitrary: fc.constantFrom(...GROUPS).map((id): Change => ({ op: 'delete', kind: 'security_group', id })) },
);

/** Commits of one to four changes, in any order, references left dangling and values wrong among them. */
export const commits: fc.Arbitrary<readonly (readonly Change[])[]> = fc.array(
  fc.array(fc.oneof({ weight: 3, arbitrary: puts }, { weight: 1, arbitrary: deletes }), { minLength: 1, maxLength: 4 }),
  { minLength: 1, maxLength: 25, size: 'max' },
);

/** A small whole cloud to begin with: both networks, all subnets, so that most ports have what they need. */
export const FOUNDATION: readonly Change[] = [
  ...NETWORKS.map((id): Change => ({ op: 'put', kind: 'network', id, value: network(id) })),
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

import { ACTIONS, type Attribute, type Declaration, declarationOf, RESOURCE_KINDS, type ResourceKind, type State } from '@manx/model';
import { type Bench, memberOf } from './test-bench.js';

/** Chance out of one number: the same number, the same draws. For tests. */
export type Dice = {
  /** A whole number in [0, sides). */
  readonly roll: (sides: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
};

/** Dice that begin with this number. */
export function diceOf(seed: number): Dice {
  let state = (seed % 2_147_483_646) + 1;
  const roll = (sides: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % Math.max(sides, 1);
  };
  return { roll, pick: (from) => from[roll(from.length)] as (typeof from)[number] };
}

/** The id of some resource of the kind; now and then of none. */
export function someId(state: State, kind: ResourceKind, { roll, pick }: Dice): string {
  const ids = [...state.idsAfter(kind, '')];
  return ids.length === 0 || roll(20) === 0 ? '5f4b33b5-54b7-4b3a-8ac1-a6f4a6d0a1f4' : pick(ids);
}

const CIDRS = ['10.0.0.0/29', '10.0.0.0/28', '10.0.0.16/29', '10.0.1.0/30', '203.0.113.0/28', '2001:db8::/64', '2001:db8:0:1::/64'];
const POOL_CIDRS = ['10.0.0.0/27', '10.8.0.0/16', '2001:db8::/60', '10.0.0.0/8'];
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '10.0.0.6',
  '10.0.0.17',
  '10.0.1.1',
  '10.0.1.2',
  '203.0.113.2',
  '203.0.113.5',
  '2001:db8::5',
  '10.0.0.7',
];
const V4 = ADDRESSES.filter((ip) => !ip.includes(':'));
const OWNERS = [
  '',
  'compute:nova',
  'network:dhcp',
  'network:router_interface',
  'network:router_gateway',
  'network:floatingip',
  'compute:other',
];
const PORTS = [1, 22, 80, 443, 65_535];

/** What an attribute may be asked to be; without an entry, what its schema lists, a truth value, or nothing. */
type Pool = (state: State, dice: Dice) => unknown;

const refer =
  (kind: ResourceKind): Pool =>
  (state, dice) =>
    someId(state, kind, dice);

const maybe =
  (pool: Pool): Pool =>
  (state, dice) =>
    dice.roll(4) === 0 ? null : pool(state, dice);

const among =
  (...values: readonly unknown[]): Pool =>
  (_, { pick }) =>
    pick(values);

const wish: Pool = (state, dice) =>
  dice.roll(2) === 0 ? { ip_address: dice.pick(ADDRESSES) } : { subnet_id: someId(state, 'subnet', dice) };

const several =
  (pool: Pool, most = 2): Pool =>
  (state, dice) =>
    Array.from({ length: dice.roll(most + 1) }, () => pool(state, dice));

const gateway: Pool = (state, dice) => {
  const external = [...state.all('network')].filter((network) => network['router:external']).map(({ id }) => id);
  const network_id = external.length > 0 && dice.roll(5) > 0 ? dice.pick(external) : someId(state, 'network', dice);
  return {
    network_id,
    ...(dice.roll(3) === 0 ? { external_fixed_ips: [wish(state, dice)] } : {}),
    ...(dice.roll(3) === 0 ? { enable_snat: false } : {}),
  };
};

const POOLS: { readonly [attribute: string]: Pool } = {
  name: among('a', 'b', ''),
  description: among('', 'd'),
  project_id: among('one', 'two'),
  target_tenant: among('one', 'two', '*'),
  network_id: refer('network'),
  floating_network_id: refer('network'),
  subnet_id: (state, dice) => (dice.roll(3) === 0 ? someId(state, 'subnet', dice) : null),
  port_id: maybe(refer('port')),
  dns_name: among('', 'www'),
  dns_domain: among('', 'example.org.'),
  internal_port_id: refer('port'),
  device_id: (state, dice) => dice.pick(['', 'instance', someId(state, 'router', dice), someId(state, 'floatingip', dice)]),
  security_group_id: refer('security_group'),
  security_groups: several(refer('security_group')),
  remote_group_id: (state, dice) => (dice.roll(3) === 0 ? dice.pick(['PARENT', someId(state, 'security_group', dice)]) : null),
  remote_address_group_id: (state, dice) => (dice.roll(3) === 0 ? someId(state, 'address_group', dice) : null),
  remote_ip_prefix: (_, dice) => (dice.roll(3) === 0 ? dice.pick(CIDRS) : null),
  qos_policy_id: maybe(refer('qos_policy')),
  subnetpool_id: maybe(refer('subnetpool')),
  address_scope_id: maybe(refer('address_scope')),
  segment_id: maybe(refer('segment')),
  target_id: maybe(refer('port')),
  resource_id: maybe(refer('security_group')),
  resource_type: among('security_group'),
  object_type: among('network', 'security_group', 'qos_policy', 'subnetpool', 'address_scope', 'address_group'),
  object_id: (state, dice) =>
    someId(
      state,
      dice.pick(['network', 'network', 'security_group', 'qos_policy', 'subnetpool', 'address_scope', 'address_group'] as const),
      dice,
    ),
  action: among('access_as_shared', 'access_as_external'),
  network_type: among('flat', 'local', 'vlan'),
  physical_network: among('p1', 'p2', null),
  'provider:network_type': among('flat', 'local'),
  'provider:physical_network': among('p1', 'p2'),
  ip_version: among(4, 4, 6),
  cidr: among(...CIDRS),
  prefixlen: among(24, 28, 30, 64),
  prefixes: several(among(...POOL_CIDRS)),
  default_prefixlen: among(28, 30, 64),
  default_quota: among(8, 64, null),
  addresses: several(among(...CIDRS), 3),
  gateway_ip: maybe(among(...ADDRESSES)),
  fixed_ips: several(wish),
  floating_ip_address: maybe(among(...V4)),
  fixed_ip_address: maybe(among(...V4)),
  internal_ip_address: among(...V4),
  mac_address: maybe(among('fa:16:3e:00:00:01', 'fa:16:3e:00:00:02')),
  device_owner: among(...OWNERS),
  'binding:host_id': among('h1', 'h2', 'h9', null),
  service_types: several(among('compute:nova', 'network:dhcp', 'network:floatingip'), 1),
  ipv6_ra_mode: among('slaac', 'dhcpv6-stateful'),
  ipv6_address_mode: among('slaac', 'dhcpv6-stateful'),
  allowed_address_pairs: several((_, dice) => ({ ip_address: dice.pick([...ADDRESSES, '10.9.0.0/16']) })),
  extra_dhcp_opts: several((_, dice) => ({ opt_name: dice.pick(['router', 'mtu']), opt_value: dice.pick(['1400', '10.0.0.1', null]) }), 1),
  external_gateway_info: maybe(gateway),
  routes: several((_, dice) => ({ destination: '192.0.2.0/24', nexthop: dice.pick(V4) })),
  protocol: among('tcp', 'udp', 'sctp'),
  external_port: among(...PORTS),
  internal_port: among(...PORTS),
  dscp_mark: among(0, 10, 20),
  max_kbps: among(100, 200),
  max_kpps: among(100, 200),
  min_kbps: among(100, 200),
  min_kpps: among(100, 200),
  remote_as: among(64_512),
  local_as: among(64_513),
  peer_ip: among('192.0.2.1', '192.0.2.2'),
  auth_type: among('none'),
  tags: several(among('x', 'y')),
};

/** What makes most requests of a kind sensible: always asked for. */
const USUAL: { readonly [K in ResourceKind]?: readonly string[] } = {
  subnet: ['cidr', 'ip_version'],
  port_forwarding: ['external_port', 'internal_port'],
};

/** The body of a creation or an update of the kind: what it must have, and some of what it may; most are sensible, many are not. */
export function randomBody(
  state: State,
  kind: ResourceKind,
  { dice, isUpdate }: { readonly dice: Dice; readonly isUpdate: boolean },
): { [name: string]: unknown } {
  const declaration = declarationOf(kind);
  const body: { [name: string]: unknown } = {};
  for (const [name, attribute] of Object.entries(declaration.attributes)) {
    if (name === 'tenant_id' || (isUpdate ? attribute.onUpdate : attribute.onCreate) === 'refused') continue;
    if (!isAsked(declaration, name, { attribute, dice, isUpdate })) continue;
    const value = valueFor(state, name, { attribute, dice });
    if (value !== undefined) body[name] = value;
  }
  if (!isUpdate && declaration.parent !== undefined) body[declaration.parent.attribute] = someId(state, declaration.parent.kind, dice);
  const { cidr } = body;
  if (typeof cidr === 'string' && dice.roll(10) > 0) body['ip_version'] = cidr.includes(':') ? 6 : 4;
  return body;
}

type Drawn = { readonly attribute: Attribute; readonly dice: Dice };

function isAsked({ kind }: Declaration, name: string, { attribute, dice, isUpdate }: Drawn & { readonly isUpdate: boolean }): boolean {
  if (!isUpdate && (attribute.onCreate === 'required' || USUAL[kind]?.includes(name) === true)) return true;
  return dice.roll(name === 'project_id' || name === 'subnetpool_id' ? 8 : 4) === 0;
}

function valueFor(state: State, name: string, { attribute, dice }: Drawn): unknown {
  const pool = Object.hasOwn(POOLS, name) ? POOLS[name] : undefined;
  if (pool !== undefined) return pool(state, dice);
  const { enum: values, type } = attribute.rule.schema as { readonly enum?: readonly unknown[]; readonly type?: unknown };
  if (values !== undefined) return dice.pick(values);
  return type === 'boolean' ? dice.roll(2) === 0 : undefined;
}

/** An action with a body that its decoder reads, and the resource that it is for. */
export type RandomAction = { readonly action: string; readonly kind: ResourceKind; readonly id: string; readonly body: unknown };

/** An action of `ACTIONS` on some resource of its kind. */
export function randomAction(state: State, dice: Dice): RandomAction {
  const { kind, name } = dice.pick(ACTIONS);
  return { action: name, kind, id: someId(state, kind, dice), body: ACTION_BODIES[name]?.(state, dice) ?? {} };
}

const ACTION_BODIES: { readonly [action: string]: Pool } = {
  add_router_interface: (state, dice) =>
    dice.roll(3) === 0 ? { port_id: someId(state, 'port', dice) } : { subnet_id: someId(state, 'subnet', dice) },
  remove_router_interface: (state, dice) =>
    dice.roll(3) === 0 ? { port_id: someId(state, 'port', dice) } : { subnet_id: someId(state, 'subnet', dice) },
  add_extraroutes: (state, dice) => ({ router: { routes: POOLS['routes']?.(state, dice) } }),
  remove_extraroutes: (state, dice) => ({ router: { routes: POOLS['routes']?.(state, dice) } }),
  add_prefixes: (state, dice) => ({ prefixes: POOLS['prefixes']?.(state, dice) }),
  remove_prefixes: (state, dice) => ({ prefixes: POOLS['prefixes']?.(state, dice) }),
  onboard_network_subnets: (state, dice) => ({ network_id: someId(state, 'network', dice) }),
  add_addresses: (state, dice) => ({ address_group: { addresses: POOLS['addresses']?.(state, dice) } }),
  remove_addresses: (state, dice) => ({ address_group: { addresses: POOLS['addresses']?.(state, dice) } }),
  add_bgp_peer: (state, dice) => ({ bgp_peer_id: someId(state, 'bgp_peer', dice) }),
  remove_bgp_peer: (state, dice) => ({ bgp_peer_id: someId(state, 'bgp_peer', dice) }),
  add_gateway_network: (state, dice) => ({ network_id: someId(state, 'network', dice) }),
  remove_gateway_network: (state, dice) => ({ network_id: someId(state, 'network', dice) }),
};

/** What is done to the bindings of a port, decoded. */
export function randomBinding(
  state: State,
  dice: Dice,
): { readonly action: string; readonly id: string; readonly values: { readonly [name: string]: unknown } } {
  const action = dice.pick(['create_port_binding', 'update_port_binding', 'delete_port_binding', 'activate']);
  const host = dice.pick(['h1', 'h2', 'h9']);
  const instances = [...state.all('port')].filter(({ device_owner }) => device_owner.startsWith('compute:')).map(({ id }) => id);
  const id = instances.length > 0 && dice.roll(10) > 0 ? dice.pick(instances) : someId(state, 'port', dice);
  return { action, id, values: action === 'create_port_binding' ? { host } : { at: host } };
}

/** The kinds that are made by a plain request, those that much refers to several times over. */
export const REQUESTED_KINDS: readonly ResourceKind[] = [
  ...RESOURCE_KINDS.filter((kind) => declarationOf(kind).offers === undefined || declarationOf(kind).offers?.includes('create') === true),
  'network',
  'subnet',
  'subnet',
  'port',
  'port',
  'port',
  'router',
  'floatingip',
  'port_forwarding',
  'security_group',
  'security_group_rule',
  'rbac_policy',
];

/** Puts something of what most refers to into an empty state: what project `one` has, and what an administrator shares. */
export function startingCloud(bench: Bench): void {
  const one = memberOf('one');
  const outside = bench.made('network', { 'router:external': true, shared: true });
  bench.made('subnet', { network_id: outside.id, ip_version: 4, cidr: '203.0.113.0/28' });
  const inside = bench.made('network', {}, one);
  const subnet_id = bench.made('subnet', { network_id: inside.id, ip_version: 4, cidr: '10.0.0.0/28' }, one).id;
  const router = bench.made('router', { external_gateway_info: { network_id: outside.id } }, one);
  bench.does('add_router_interface', { kind: 'router', id: router.id, values: { subnet_id } });
  const instance = { network_id: inside.id, device_owner: 'compute:nova', project_id: 'one' };
  const ports = ['h1', 'h2'].map((host) => bench.made('port', { ...instance, 'binding:host_id': host }));
  const [first, second] = ports.map(({ id }) => id);
  bench.made('floatingip', { floating_network_id: outside.id, port_id: first }, one);
  const shared = bench.made('floatingip', { floating_network_id: outside.id }, one);
  const internal = { internal_port_id: second, internal_ip_address: ports[1]?.fixed_ips[0]?.ip_address };
  bench.made('port_forwarding', { floatingip_id: shared.id, protocol: 'tcp', external_port: 80, internal_port: 8080, ...internal }, one);
  bench.made('address_group', { addresses: ['192.0.2.0/24'] }, one);
  const scope = bench.made('address_scope', { ip_version: 4, name: 's' }, one);
  bench.made('subnetpool', { name: 'p', prefixes: ['10.64.0.0/24'], default_prefixlen: 28, address_scope_id: scope.id }, one);
  const policy = bench.made('qos_policy', { name: 'q', shared: true, project_id: 'one' });
  bench.made('qos_bandwidth_limit_rule', { qos_policy_id: policy.id, max_kbps: 100 });
  bench.made('bgp_peer', { peer_ip: '192.0.2.9', remote_as: 64_512, auth_type: 'none' });
  bench.made('bgp_speaker', { local_as: 64_513, ip_version: 4 });
}

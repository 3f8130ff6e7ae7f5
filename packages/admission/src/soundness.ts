import { cidrContains, cidrsOverlap } from '@manx/ip';
import { awaitedAt, PARENT_GROUP, pairCidr, RESOURCE_KINDS, type ResourceKind, type ResourceOf, type State } from '@manx/model';
import { mayBeGateway } from './fixed-ips.js';
import { isUsable } from './subnet-shape.js';

/** A reference from one resource to another: the kind, and the id, null for none. */
type Reference = readonly [kind: ResourceKind, id: string | null];

/** Everything that refers to something: what it names must be there. */
const REFERENCES: { readonly [K in ResourceKind]?: (resource: ResourceOf[K]) => readonly Reference[] } = {
  network: (r) => [['qos_policy', r.qos_policy_id]],
  segment: (r) => [['network', r.network_id]],
  subnetpool: (r) => [['address_scope', r.address_scope_id]],
  subnet: (r) => [
    ['network', r.network_id],
    ['subnetpool', r.subnetpool_id],
    ['segment', r.segment_id],
  ],
  port: (r) => [
    ['network', r.network_id],
    ['qos_policy', r.qos_policy_id],
    ...r.security_groups.map((id): Reference => ['security_group', id]),
    ...r.fixed_ips.map(({ subnet_id }): Reference => ['subnet', subnet_id]),
  ],
  port_binding: (r) => [['port', r.port_id]],
  security_group_rule: (r) => [
    ['security_group', r.security_group_id],
    ['security_group', r.remote_group_id],
    ['address_group', r.remote_address_group_id],
  ],
  default_security_group_rule: (r) => [
    ['address_group', r.remote_address_group_id],
    ['security_group', r.remote_group_id === PARENT_GROUP ? null : r.remote_group_id],
  ],
  router: (r) => [
    ['network', r.gateway?.network_id ?? null],
    ['port', r.gateway?.port_id ?? null],
  ],
  floatingip: (r) => [
    ['network', r.floating_network_id],
    ['port', r.floating_port_id],
    ['router', r.router_id],
    ['port', r.port_id],
    ['qos_policy', r.qos_policy_id],
  ],
  port_forwarding: (r) => [
    ['floatingip', r.floatingip_id],
    ['port', r.internal_port_id],
  ],
  rbac_policy: (r) => [[r.object_type, r.object_id]],
  log: (r) => [
    ['security_group', r.resource_id],
    ['port', r.target_id],
  ],
  bgp_speaker: (r) => [
    ...r.peers.map((id): Reference => ['bgp_peer', id]),
    ...r.networks.map((id): Reference => ['network', id]),
    ...(r.hosting?.agents ?? []).map((id): Reference => ['agent', id]),
  ],
  qos_bandwidth_limit_rule: (r) => [['qos_policy', r.qos_policy_id]],
  qos_packet_rate_limit_rule: (r) => [['qos_policy', r.qos_policy_id]],
  qos_dscp_marking_rule: (r) => [['qos_policy', r.qos_policy_id]],
  qos_minimum_bandwidth_rule: (r) => [['qos_policy', r.qos_policy_id]],
  qos_minimum_packet_rate_rule: (r) => [['qos_policy', r.qos_policy_id]],
  auto_allocated_topology: (r) => [
    ['network', r.network_id],
    ['router', r.router_id],
  ],
};

/** What does not hold of a state that must hold of every state, in words; empty for a sound one. For tests and audits; linear. */
export function faultsOf(state: State, overlap: 'refuse' | 'allow'): string[] {
  return [
    ...danglingReferences(state),
    ...addressFaults(state),
    ...subnetFaults(state, overlap),
    ...routingFaults(state),
    ...portFaults(state),
    ...claimFaults(state),
    ...visitFaults(state),
    ...networkFaults(state),
    ...sharingFaults(state),
  ];
}

function danglingReferences(state: State): string[] {
  return RESOURCE_KINDS.flatMap((kind) =>
    [...state.all(kind)].flatMap((resource) =>
      (REFERENCES[kind]?.(resource as never) ?? [])
        .filter(([to, id]) => id !== null && state.get(to, id) === undefined)
        .map(([to, id]) => `${kind} ${resource.id} refers to ${to} ${id}, which is not there`),
    ),
  );
}

/** S12, S14: an address has one holder, whatever it is for; it lies in its subnet, which is one of the port's network. */
function addressFaults(state: State): string[] {
  const holders = new Map<string, string>();
  const faults: string[] = [];
  for (const port of state.all('port')) {
    for (const { subnet_id, ip_address } of port.fixed_ips) {
      const subnet = state.get('subnet', subnet_id);
      const other = holders.get(ip_address);
      if (other !== undefined) faults.push(`${ip_address} is of ports ${other} and ${port.id}`);
      if (subnet?.network_id !== port.network_id || !isUsable(subnet.cidr, ip_address))
        faults.push(`${ip_address} of port ${port.id} is not of ${subnet_id}`);
      holders.set(ip_address, port.id);
    }
  }
  for (const { gateway_ip, id } of state.all('subnet')) {
    const holder = gateway_ip === null ? undefined : state.holderOf(gateway_ip);
    if (holder !== undefined && !mayBeGateway({ device_owner: holder.device_owner, host: holder['binding:host_id'] }))
      faults.push(`port ${holder.id} holds the gateway of subnet ${id}`);
  }
  return faults;
}

/** S9: an address is claimed by one port, that is plugged in and has it within its pairs. */
function claimFaults(state: State): string[] {
  const claimants = new Map<string, string>();
  const faults: string[] = [];
  for (const port of state.all('port')) {
    for (const { ip_address } of port.claimed_addresses ?? []) {
      const other = claimants.get(ip_address);
      if (other !== undefined) faults.push(`${ip_address} is claimed by ports ${other} and ${port.id}`);
      const isPaired = port.allowed_address_pairs.some((pair) => cidrContains(pairCidr(pair), ip_address));
      if (!isPaired || port['binding:host_id'] === '') faults.push(`port ${port.id} cannot have claimed ${ip_address}`);
      claimants.set(ip_address, port.id);
    }
  }
  return faults;
}

/** What hosts say of a port that may move to them: only while it may, and one alone has heard it arrive. */
function visitFaults(state: State): string[] {
  return [...state.all('port')].flatMap((port) => {
    const { visits = [] } = port;
    const awaited = awaitedAt(state, port);
    const astray = visits.filter(({ host }) => !awaited.includes(host)).map(({ host }) => `port ${port.id} is not expected on ${host}`);
    return visits.filter(({ has_arrived }) => has_arrived).length > 1 ? [...astray, `port ${port.id} has arrived twice`] : astray;
  });
}

/** S13. */
function subnetFaults(state: State, overlap: 'refuse' | 'allow'): string[] {
  if (overlap === 'allow') return [];
  const subnets = [...state.all('subnet')];
  return subnets.flatMap((subnet, at) =>
    subnets
      .slice(at + 1)
      .filter((other) => cidrsOverlap(subnet.cidr, other.cidr))
      .map((other) => `subnets ${subnet.id} and ${other.id} overlap`),
  );
}

/** Floating IPs hold their address by a port, and stand for addresses that are there, as forwardings do. */
function routingFaults(state: State): string[] {
  const holds = (port: string | null, ip: string | null): boolean =>
    port !== null && state.get('port', port)?.fixed_ips.some(({ ip_address }) => ip_address === ip) === true;
  const faults: string[] = [];
  for (const { id, floating_port_id, floating_ip_address, port_id, fixed_ip_address } of state.all('floatingip')) {
    if (!holds(floating_port_id, floating_ip_address)) faults.push(`floating IP ${id} does not hold its address`);
    if ((port_id === null) !== (fixed_ip_address === null)) faults.push(`floating IP ${id} stands for half of something`);
    if (port_id !== null && !holds(port_id, fixed_ip_address)) faults.push(`floating IP ${id} stands for an address that is not there`);
  }
  for (const { id, internal_port_id, internal_ip_address } of state.all('port_forwarding')) {
    if (!holds(internal_port_id, internal_ip_address)) faults.push(`forwarding ${id} leads to an address that is not there`);
  }
  for (const { id, gateway } of state.all('router')) {
    const port = gateway === null ? undefined : state.get('port', gateway.port_id);
    if (gateway !== null && (port?.device_id !== id || port.network_id !== gateway.network_id))
      faults.push(`router ${id} does not have its gateway`);
  }
  return faults;
}

function portFaults(state: State): string[] {
  return [...state.all('port')].flatMap((port) => {
    const sorts = new Set(port.security_groups.map((id) => state.get('security_group', id)?.stateful));
    const isOpen = !port.port_security_enabled && (port.security_groups.length > 0 || port.allowed_address_pairs.length > 0);
    return [
      ...(sorts.size > 1 ? [`port ${port.id} is in stateful and stateless groups`] : []),
      ...(isOpen ? [`port ${port.id} has no port security, but groups or pairs`] : []),
    ];
  });
}

/** RBAC policies: each stands for something of its own; those about gateways are of external networks. */
function sharingFaults(state: State): string[] {
  const policies = [...state.all('rbac_policy')];
  const meanings = policies.map(({ object_id, action, target_project }) => `${object_id} ${action} ${target_project}`);
  const inner = policies.filter(
    ({ action, object_id }) => action === 'access_as_external' && state.get('network', object_id)?.['router:external'] !== true,
  );
  return [
    ...(new Set(meanings).size < meanings.length ? ['two RBAC policies say the same'] : []),
    ...inner.map(({ object_id }) => `network ${object_id} is open for gateways, but not external`),
  ];
}

function networkFaults(state: State): string[] {
  const defaults = state.countBy('network.default', 'true');
  const physical = [...state.all('network')].map((network) => network['provider:physical_network']).filter((name) => name !== null);
  return [
    ...(defaults > 1 ? [`${defaults} default external networks`] : []),
    ...(new Set(physical).size < physical.length ? ['two networks of one physical network'] : []),
  ];
}

import type { Ip } from '@manx/ip';
import type { FloatingIp, Network, Port, ResourceKind, ResourceOf, StateReader } from '@manx/model';
import { pairMembers } from './compile-pairs.js';

/** Resources that ports are compiled from besides their own, their network and their subnets. */
const DEPENDED_KINDS = [
  'floatingip',
  'port_forwarding',
  'port_binding',
  'qos_bandwidth_limit_rule',
  'qos_packet_rate_limit_rule',
  'qos_dscp_marking_rule',
  'log',
] as const satisfies readonly ResourceKind[];

type DependedKind = (typeof DEPENDED_KINDS)[number];

/** Whether ports are compiled from resources of this kind. */
export function isDependedOn(kind: ResourceKind): kind is DependedKind {
  return DEPENDED_KINDS.some((one) => one === kind);
}

/** What is remembered of a resource that was there: by which it is known whom it concerned. */
type Links = {
  readonly port?: string | undefined;
  readonly floatingIp?: string | undefined;
  readonly policy?: string | undefined;
  /** All ports of a security group, or of a project. */
  readonly group?: string | undefined;
  readonly project?: string | undefined;
};

/**
 * Which ports have to be compiled again when something else changes: whose floating IPs, forwardings, bindings, QoS rules and logs those are, and
 * who has pairs that somebody else's address or a subnet decides about. Remembers how things were, since the state only
 * says how they are.
 */
export class Dependents {
  readonly #links = new Map<string, Links>();
  /** Ports that have an address, or anything, as a pair: by that address, and by network. */
  readonly #pairedWith = new Map<Ip, Set<string>>();
  readonly #pairedOn = new Map<string, Set<string>>();

  /** The ports that a resource of its own kind concerned before, or concerns now. */
  *ofResource(kind: DependedKind, id: string, state: StateReader): Iterable<string> {
    const key = `${kind} ${id}`;
    const before = this.#links.get(key);
    const resource = state.get(kind, id);
    const after = resource === undefined ? undefined : linksOf(kind, resource);
    if (after === undefined) this.#links.delete(key);
    else this.#links.set(key, after);
    for (const links of [before, after]) if (links !== undefined) yield* portsOf(links, state);
  }

  /** The ports that depend on this port, before or after its change: by an address that it has, or a floating IP that they share. */
  *ofPort(before: Port | undefined, after: Port | undefined, state: StateReader): Iterable<string> {
    this.#refile(before, after);
    for (const { ip_address } of [...(before?.fixed_ips ?? []), ...(after?.fixed_ips ?? [])]) yield* this.#pairedWith.get(ip_address) ?? [];
    yield* this.ofClaims(before, state);
    yield* this.ofClaims(after, state);
    for (const { ip_address } of [...(before?.fixed_ips ?? []), ...(after?.fixed_ips ?? [])]) {
      for (const { id } of state.by('port.claimed_address', ip_address)) yield id;
    }
    yield* portsForwardedWith((after ?? before)?.id ?? '', state);
  }

  /** The ports of a network that have pairs, which its subnets decide about. */
  pairedOn(network: string): Iterable<string> {
    return this.#pairedOn.get(network) ?? [];
  }

  /** The ports that depend on what a port has claimed: who else has the address as a pair, or has claimed it too. */
  *ofClaims(port: Port | undefined, state: StateReader): Iterable<string> {
    for (const { ip_address } of port?.claimed_addresses ?? []) {
      yield* this.#pairedWith.get(ip_address) ?? [];
      for (const { id } of state.by('port.claimed_address', ip_address)) yield id;
    }
  }

  #refile(before: Port | undefined, after: Port | undefined): void {
    for (const member of pairMembers(before)) drop(this.#pairedWith, member as Ip, before?.id);
    for (const member of pairMembers(after)) add(this.#pairedWith, member as Ip, after?.id);
    if (before !== undefined) drop(this.#pairedOn, before.network_id, before.id);
    if (after !== undefined && after.allowed_address_pairs.length > 0) add(this.#pairedOn, after.network_id, after.id);
  }
}

/** The ports that have a QoS policy, by themselves, by a floating IP, or by the network of either. */
function* portsWithPolicy(policy: string, state: StateReader): Iterable<string> {
  for (const { id } of state.by('port.qos_policy_id', policy)) yield id;
  yield* portsBehind(state.by('floatingip.qos_policy_id', policy), state);
  for (const network of state.by('network.qos_policy_id', policy)) {
    yield* portsOfNetwork(network, state);
    yield* portsBehind(state.by('floatingip.floating_network_id', network.id), state);
  }
}

/** The ports that floating IPs lead to, by themselves or by their forwardings. */
export function* portsBehind(floatingIps: readonly FloatingIp[], state: StateReader): Iterable<string> {
  for (const { id, port_id } of floatingIps) yield* portsOf({ port: port_id ?? undefined, floatingIp: id }, state);
}

/** The ports that share a floating IP with a port by their forwardings, itself among them: one of them carries it for all. */
export function* portsForwardedWith(port: string, state: StateReader): Iterable<string> {
  for (const { floatingip_id } of state.by('port_forwarding.internal_port_id', port)) yield* portsOf({ floatingIp: floatingip_id }, state);
}

/** The ports of a network that have no QoS policy of their own. */
export function* portsOfNetwork(network: Pick<Network, 'id'>, state: StateReader): Iterable<string> {
  for (const { id, qos_policy_id } of state.by('port.network_id', network.id)) if (qos_policy_id === null) yield id;
}

function* portsOf({ port, floatingIp, policy, group, project }: Links, state: StateReader): Iterable<string> {
  if (port !== undefined) yield port;
  if (group !== undefined) for (const { id } of state.by('port.security_group', group)) yield id;
  if (project !== undefined) for (const { id } of state.by('port.project_id', project)) yield id;
  if (policy !== undefined) yield* portsWithPolicy(policy, state);
  if (floatingIp === undefined) return;
  for (const { internal_port_id } of state.by('port_forwarding.floatingip_id', floatingIp)) yield internal_port_id;
}

function linksOf<K extends DependedKind>(kind: K, resource: ResourceOf[K]): Links {
  if (kind === 'floatingip') return { port: (resource as ResourceOf['floatingip']).port_id ?? undefined, floatingIp: resource.id };
  if (kind === 'port_binding') return { port: (resource as ResourceOf['port_binding']).port_id };
  if (kind === 'port_forwarding') {
    const { internal_port_id: port, floatingip_id: floatingIp } = resource as ResourceOf['port_forwarding'];
    return { port, floatingIp };
  }
  if (kind === 'log') return linksOfLog(resource as ResourceOf['log']);
  return { policy: (resource as ResourceOf['qos_dscp_marking_rule']).qos_policy_id };
}

/** Those that it can be for, whether or not it is on: its project's ports where it names neither port nor group. */
function linksOfLog({ target_id: port, resource_id: group, project_id: project }: ResourceOf['log']): Links {
  if (port !== null) return { port };
  return group === null ? { project } : { group };
}

function add<K>(map: Map<K, Set<string>>, key: K, id: string | undefined): void {
  if (id !== undefined) map.set(key, (map.get(key) ?? new Set()).add(id));
}

function drop<K>(map: Map<K, Set<string>>, key: K, id: string | undefined): void {
  const ids = map.get(key);
  if (ids === undefined || id === undefined) return;
  ids.delete(id);
  if (ids.size === 0) map.delete(key);
}

import {
  compareIds,
  FLAT_SPACE,
  type HostDelta,
  type HostName,
  type HostState,
  isProblem,
  type Member,
  type Problem,
  parseHostName,
} from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import type { Agent, Network, Port, ResourceKind, StateReader, Subnet } from '@manx/model';
import { compareProblems } from './compile-host.js';
import { compileNames, isChosenName, NAMELESS } from './compile-names.js';
import { compilePolicy } from './compile-policy.js';
import { type CompiledPort, compilePort, membersOf } from './compile-port.js';
import { compileSpeakers } from './compile-speakers.js';
import { compileSubnet, type SubnetContext } from './compile-subnet.js';
import { Dependents, isDependedOn, portsBehind, portsForwardedWith, portsOfNetwork } from './dependents.js';
import { interfaceSubnets, isInterface } from './has-snat.js';
import { HeldAddresses } from './held-addresses.js';
import { HostRegistry } from './host-registry.js';
import { addressGroupMembers, addressGroupSet, flatSpaceMember, multicastSets, setMembers } from './set-members.js';

/** A resource that was put or deleted; a `Change` is one. */
export type Touched = { readonly kind: ResourceKind; readonly id: string };

/** What has to be looked at again; `speaking`: who speaks BGP with whom, and of what. */
type Dirty = {
  readonly subnets: Set<string>;
  readonly ports: Set<string>;
  readonly groups: Set<string>;
  readonly spread: string[];
  readonly gather: string[];
  speaking: boolean;
};

/**
 * The host states of a whole cloud, kept up with commits at a cost that follows the change: a port that joins a group of
 * 10,000 touches one member, and the hosts that use the set. At any time `hostState(h)` says the same as
 * `compileHost(state, h)` (a property of the tests).
 *
 * It reads the API state only while it is constructed and during `apply`, and remembers of the resources what it needs to
 * know of how they were: what is in `Touched` is only which ones, so several commits may be applied at once.
 */
export class Compiler {
  #state: StateReader;
  readonly #registry: HostRegistry;
  readonly #ports = new Map<string, Port>();
  readonly #networks = new Map<string, Network>();
  /** The group of each rule, for when the rule is gone. */
  readonly #groupOfRule = new Map<string, string>();
  readonly #dependents = new Dependents();
  /** What each address group gives to its set. */
  readonly #addressGroups = new Map<string, readonly Member[]>();
  /** What each host's agent has said last. */
  readonly #agentsById = new Map<string, Agent>();
  readonly #subnets = new Map<string, Subnet>();
  /** The subnets of each gateway: one, but where prefixes may overlap. */
  readonly #subnetsOfGateway = new Map<Ip, Set<string>>();
  /** The hosts that each endpoint is on: its own first. */
  readonly #hostsOfPort = new Map<string, readonly HostName[]>();
  readonly #held = new HeldAddresses();
  #released: readonly Ip[] = [];
  #agents: ReadonlySet<HostName> = new Set();
  #speakingProblems: readonly Problem[] = [];
  /** By subnet or port, as the subject names it; those of rules are with their policies. */
  readonly #problems = new Map<string, readonly Problem[]>();

  /** Compiles everything; linear in the cloud. */
  constructor(state: StateReader) {
    this.#state = state;
    this.#registry = new HostRegistry({
      policy: (group) => compilePolicy(group, this.#state),
      members: (set) => setMembers(set, this.#state),
    });
    this.apply(everything(state), state);
  }

  /**
   * Takes in what a commit (or several) changed. `state` must be the state exactly after the changes, each of which is named
   * at least once; the values are read from it, so naming too many or in another order changes nothing. Gives each concerned
   * host what it must change, and no host that need not.
   */
  apply(changes: Iterable<Touched>, state: StateReader): ReadonlyMap<HostName, HostDelta> {
    this.#state = state;
    const dirty: Dirty = { subnets: new Set(), ports: new Set(), groups: new Set(), spread: [], gather: [], speaking: false };
    for (const change of changes) this.#note(change, dirty);
    for (const id of dirty.subnets) this.#noteSubnet(id, dirty);
    // Members of sets in use come first: a set that comes into use below is made from the state as it is now.
    for (const id of dirty.ports) this.#notePort(id, dirty);
    for (const set of dirty.spread) this.#registry.spread(set);
    for (const set of dirty.gather) this.#registry.gather(set);
    for (const id of dirty.subnets) this.#refreshSubnet(id, dirty);
    for (const id of dirty.ports) this.#refreshPort(id);
    for (const id of dirty.groups) this.#registry.refreshPolicy(id);
    if (dirty.speaking) this.#refreshSpeaking();
    this.#released = this.#held.take();
    return this.#registry.finish();
  }

  /** The addresses that the last `apply` took from those who received what is sent to them, or gave to others after that (S16): any host may remember flows with these. Sorted. */
  get released(): readonly Ip[] {
    return this.#released;
  }

  /** The whole state of one host as of the last `apply`; empty for a host without endpoints and BGP peers. The cost is that of the host. */
  hostState(host: HostName): HostState {
    return this.#registry.state(host);
  }

  /** The hosts that have an endpoint or a BGP peer, sorted. */
  hosts(): readonly HostName[] {
    return [...this.#registry.hosts].sort(compareIds);
  }

  /** The hosts that a port is an endpoint on, its own first; several during a live migration. */
  hostsOf(portId: string): readonly HostName[] {
    return this.#hostsOfPort.get(portId) ?? [];
  }

  /** As `compileProblems` of the current state; linear in the policies in use. */
  problems(): readonly Problem[] {
    const problems = [...[...this.#problems.values()].flat(), ...this.#speakingProblems];
    for (const policy of this.#registry.policies) problems.push(...policy.problems);
    return problems.sort(compareProblems);
  }

  /** Other kinds mean nothing to a host. */
  #note({ kind, id }: Touched, dirty: Dirty): void {
    if (SPEAKING_KINDS.has(kind)) dirty.speaking = true;
    if (kind === 'port') dirty.ports.add(id);
    else if (kind === 'subnet') dirty.subnets.add(id);
    else if (kind === 'security_group') dirty.groups.add(id);
    else if (kind === 'network') this.#noteNetwork(id, dirty);
    else if (kind === 'security_group_rule') this.#noteRule(id, dirty);
    else if (kind === 'address_group') this.#noteAddressGroup(id);
    else if (kind === 'agent') this.#noteAgent(id, dirty);
    else if (kind === 'router') this.#noteRouter(id, dirty);
    else if (isDependedOn(kind)) for (const port of this.#dependents.ofResource(kind, id, this.#state)) dirty.ports.add(port);
  }

  #noteNetwork(id: string, dirty: Dirty): void {
    const before = this.#networks.get(id);
    const after = this.#state.get('network', id);
    replace(this.#networks, id, after);
    if (before?.mtu !== after?.mtu) for (const subnet of this.#state.by('subnet.network_id', id)) dirty.subnets.add(subnet.id);
    if (before?.admin_state_up !== after?.admin_state_up) {
      for (const port of this.#state.by('port.network_id', id)) if (port['binding:host_id'] !== '') this.#noteUp(port.id, dirty);
    }
    if (before?.qos_policy_id !== after?.qos_policy_id) this.#noteNetworkQos(id, dirty);
    if (before?.dns_domain !== after?.dns_domain) for (const port of this.#state.by('port.network_id', id)) dirty.ports.add(port.id);
  }

  /** A port that came up or went down with its network: another may carry its forwards now. */
  #noteUp(id: string, dirty: Dirty): void {
    this.#doubt(id, dirty);
    for (const other of portsForwardedWith(id, this.#state)) dirty.ports.add(other);
  }

  /** A network's QoS policy is that of its ports, and of the floating IPs that it gives. */
  #noteNetworkQos(id: string, dirty: Dirty): void {
    for (const port of portsOfNetwork({ id }, this.#state)) dirty.ports.add(port);
    for (const port of portsBehind(this.#state.by('floatingip.floating_network_id', id), this.#state)) dirty.ports.add(port);
  }

  /** Its subnets, which it may give a way out, and the floating IPs that it lets. */
  #noteRouter(id: string, dirty: Dirty): void {
    for (const port of this.#state.by('port.device_id', id)) for (const subnet of interfaceSubnets(port)) dirty.subnets.add(subnet);
    for (const port of portsBehind(this.#state.by('floatingip.router_id', id), this.#state)) dirty.ports.add(port);
  }

  #noteRule(id: string, dirty: Dirty): void {
    const before = this.#groupOfRule.get(id);
    const after = this.#state.get('security_group_rule', id)?.security_group_id;
    replace(this.#groupOfRule, id, after);
    if (before !== undefined) dirty.groups.add(before);
    if (after !== undefined) dirty.groups.add(after);
  }

  #noteAddressGroup(id: string): void {
    const before = this.#addressGroups.get(id) ?? [];
    const group = this.#state.get('address_group', id);
    const after = addressGroupMembers(group);
    replace(this.#addressGroups, id, group === undefined ? undefined : after);
    for (const member of after) this.#registry.join(addressGroupSet(id), member);
    for (const member of before) this.#registry.leave(addressGroupSet(id), member);
  }

  /** What its host wants of multicast groups; all hosts are told, since any may have a sender. */
  #noteAgent(id: string, dirty: Dirty): void {
    const before = this.#agentsById.get(id);
    const after = this.#state.get('agent', id);
    replace(this.#agentsById, id, after);
    if (before?.host !== after?.host) dirty.speaking = true;
    if (before?.multicast === after?.multicast) return;
    const [joined, left] = [multicastSets(after), multicastSets(before)];
    for (const set of joined) if (after?.multicast) this.#registry.join(set, after.multicast.address);
    for (const set of left) if (before?.multicast) this.#registry.leave(set, before.multicast.address);
    dirty.spread.push(...joined);
    dirty.gather.push(...left);
  }

  /** What a subnet means beyond itself: the flat space, whose gateway a port may hold, and which pairs lie in it. */
  #noteSubnet(id: string, dirty: Dirty): void {
    const before = this.#subnets.get(id);
    const after = this.#state.get('subnet', id);
    if (before === after) return;
    replace(this.#subnets, id, after);
    const [left, joined] = [flatSpaceMember(before), flatSpaceMember(after)];
    if (joined !== undefined) this.#registry.join(FLAT_SPACE, joined);
    if (left !== undefined) this.#registry.leave(FLAT_SPACE, left);
    this.#fileGateway(id, before?.gateway_ip, after?.gateway_ip);
    if (left === joined && before?.gateway_ip === after?.gateway_ip && before?.network_id === after?.network_id) return;
    for (const network of [before?.network_id, after?.network_id]) {
      for (const port of this.#dependents.pairedOn(network ?? '')) this.#doubt(port, dirty);
    }
  }

  /** A port whose claims, too, may count or not count any longer: what others have depends on that. */
  #doubt(id: string, dirty: Dirty): void {
    dirty.ports.add(id);
    for (const other of this.#dependents.ofClaims(this.#state.get('port', id), this.#state)) dirty.ports.add(other);
  }

  #fileGateway(id: string, before: Ip | null | undefined, after: Ip | null | undefined): void {
    if (before === after) return;
    if (before) {
      const rest = this.#subnetsOfGateway.get(before);
      rest?.delete(id);
      if (rest?.size === 0) this.#subnetsOfGateway.delete(before);
    }
    if (after) this.#subnetsOfGateway.set(after, (this.#subnetsOfGateway.get(after) ?? new Set()).add(id));
  }

  /** The sets that the port's addresses are in, and the subnets whose gateway, or router's interface, it was or is. */
  #notePort(id: string, dirty: Dirty): void {
    const before = this.#ports.get(id);
    const after = this.#state.get('port', id);
    if (before === after) return;
    replace(this.#ports, id, after);
    for (const { ip_address: ip } of [...(before?.fixed_ips ?? []), ...(after?.fixed_ips ?? [])]) {
      for (const subnet of this.#subnetsOfGateway.get(ip) ?? []) dirty.subnets.add(subnet);
    }
    for (const subnet of [...interfaceSubnets(before), ...interfaceSubnets(after)]) dirty.subnets.add(subnet);
    if (isInterface(before) || isInterface(after)) dirty.speaking = true;
    for (const other of this.#dependents.ofPort(before, after, this.#state)) dirty.ports.add(other);
    const left = membersOf(before);
    const joined = membersOf(after);
    for (const group of new Set(after?.security_groups)) for (const member of joined) this.#registry.join(group, member);
    for (const group of new Set(before?.security_groups)) for (const member of left) this.#registry.leave(group, member);
  }

  #refreshSubnet(id: string, dirty: Dirty): void {
    const subnet = this.#state.get('subnet', id);
    const compiled = subnet && compileSubnet(subnet, this.#subnetContext(subnet.network_id));
    const usable = isProblem(compiled) ? undefined : compiled;
    replace(this.#problems, `subnet ${id}`, isProblem(compiled) ? [compiled] : undefined);
    if (this.#registry.hasSubnet(id) !== (usable !== undefined)) {
      for (const port of this.#state.by('port.subnet_id', id)) dirty.ports.add(port.id);
    }
    this.#registry.setSubnet(id, usable);
  }

  #refreshPort(id: string): void {
    const port = this.#ports.get(id);
    const { places, problems: unplaced } = this.#compilePort(port);
    const { names, problems: unnamed } = port === undefined ? NAMELESS : compileNames(port, this.#state);
    const problems = [...unplaced, ...unnamed];
    replace(this.#problems, `port ${id}`, problems.length > 0 ? problems : undefined);
    const before = this.hostsOf(id);
    this.#held.change(
      before.flatMap((host) => this.#registry.endpoint(host, id) ?? []),
      places.map(({ endpoint }) => endpoint),
    );
    const hosts = places.map(({ host }) => host);
    replace(this.#hostsOfPort, id, hosts.length > 0 ? hosts : undefined);
    for (const host of before) if (!hosts.includes(host)) this.#registry.setEndpoint(host, id, undefined);
    for (const { host, endpoint } of places) this.#registry.setEndpoint(host, id, endpoint);
    this.#registry.setNames(id, names === null || port === undefined ? undefined : { names, isChosen: isChosenName(port), hosts });
  }

  /** Anew for all hosts: it is little, and seldom. What says the same is no change of a host. */
  #refreshSpeaking(): void {
    const { peersOf, problems } = compileSpeakers(this.#state);
    const agents = new Map<HostName, string>();
    for (const { id, host: name } of this.#state.all('agent')) {
      const host = parseHostName(name);
      if (host !== null && !agents.has(host)) agents.set(host, this.#state.by('agent.host', name)[0]?.id ?? id);
    }
    for (const host of new Set([...this.#agents, ...agents.keys()])) this.#registry.setBgpPeers(host, peersOf(agents.get(host)));
    this.#agents = new Set(agents.keys());
    this.#speakingProblems = problems;
  }

  #subnetContext(network: string): SubnetContext {
    return { network: this.#networks.get(network), state: this.#state };
  }

  #compilePort(port: Port | undefined): CompiledPort {
    if (port === undefined) return { places: [], problems: [] };
    const network = this.#networks.get(port.network_id);
    return compilePort(port, { network, hasSubnet: (subnet) => this.#registry.hasSubnet(subnet), state: this.#state });
  }
}

function replace<V>(map: Map<string, V>, id: string, value: V | undefined): void {
  if (value === undefined) map.delete(id);
  else map.set(id, value);
}

/** Every resource that the hosts' states are made of. */
function* everything(state: StateReader): Iterable<Touched> {
  for (const kind of KINDS) for (const { id } of state.all(kind)) yield { kind, id };
}

/** What decides who speaks BGP with whom, and of which prefixes; ports do where they are interfaces of routers. */
const SPEAKING_KINDS: ReadonlySet<ResourceKind> = new Set(['bgp_speaker', 'bgp_peer', 'router', 'subnet']);

const KINDS = [
  'network',
  'subnet',
  'security_group',
  'security_group_rule',
  'address_group',
  'qos_bandwidth_limit_rule',
  'qos_packet_rate_limit_rule',
  'qos_dscp_marking_rule',
  'floatingip',
  'port_forwarding',
  'log',
  'port',
  'port_binding',
  'agent',
  'bgp_speaker',
] as const satisfies readonly ResourceKind[];

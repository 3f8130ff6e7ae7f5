import {
  type AddressSet,
  compareIds,
  compareMembers,
  type Endpoint,
  emptyHostState,
  FLAT_SPACE,
  type HostName,
  type HostState,
  isProblem,
  type Policy,
  type PortNames,
  type Problem,
  parseHostName,
  type Subnet,
} from '@manx/hoststate';
import { migratingTo, type Port, type StateReader } from '@manx/model';
import { compileNames, isChosenName, zoneOf } from './compile-names.js';
import { compilePolicy } from './compile-policy.js';
import { compilePort } from './compile-port.js';
import { compileSpeakers } from './compile-speakers.js';
import { compileSubnet } from './compile-subnet.js';
import { multicastSets, setMembers } from './set-members.js';

/**
 * What one host must do, straight from the API state: its endpoints, their groups, the sets that those ask, the subnets
 * of their addresses, the names that they may ask for, the flat space where a floating IP or source NAT needs it, which hosts want which multicast, and the BGP peers of the speakers that it speaks for. The reference that `Compiler` is held against; the cost is that of the host and of its sets.
 */
export function compileHost(state: StateReader, host: HostName): HostState {
  const endpoints = new Map<string, Endpoint>();
  const policies = new Map<string, Policy>();
  const sets = new Map<string, AddressSet>();
  const subnets = new Map<string, Subnet>();
  const names = new Map<string, PortNames>();
  const zones = new Set<string>();
  for (const port of portsAt(state, host)) {
    const { places } = compilePort(port, contextOf(state, port.network_id));
    const placed = places.find((place) => place.host === host);
    if (placed === undefined) continue;
    endpoints.set(port.id, placed.endpoint);
    for (const one of zoneNames(port, zones, state)) names.set(one.id, one);
    for (const group of placed.endpoint.policies) {
      if (policies.has(group)) continue;
      const compiled = compilePolicy(group, state);
      policies.set(group, compiled.policy);
      for (const id of compiled.sets) if (!sets.has(id)) sets.set(id, compileSet(state, id));
    }
    for (const { subnet: id } of placed.endpoint.addresses) {
      const subnet = subnetOf(state, id);
      if (subnet !== undefined && !isProblem(subnet)) subnets.set(id, subnet);
    }
  }
  const goesOut = [...endpoints.values()].some(({ floating }) => floating.length > 0) || [...subnets.values()].some((one) => one.hasSnat);
  if (goesOut) sets.set(FLAT_SPACE, compileSet(state, FLAT_SPACE));
  if (endpoints.size > 0) {
    for (const id of [...state.all('agent')].flatMap(multicastSets)) if (!sets.has(id)) sets.set(id, compileSet(state, id));
  }
  const bgpPeers = compileSpeakers(state).peersOf(state.by('agent.host', host)[0]?.id);
  return endpoints.size + bgpPeers.size === 0 ? emptyHostState : { endpoints, policies, sets, subnets, names, bgpPeers };
}

/** The ports that are bound to the host, or have another binding there, or are moving to it. */
function portsAt(state: StateReader, host: HostName): Iterable<Port> {
  const others = state.by('port_binding.host', host).flatMap(({ port_id }) => state.get('port', port_id) ?? []);
  const all = [...state.by('port.host', host), ...others, ...state.by('port.migrating_to', host)];
  return new Map(all.map((port) => [port.id, port])).values();
}

/** The state of every host that some port is an endpoint on, or that speaks for a BGP speaker with peers, by name. Linear in the cloud, and more: for tests and small tools. */
export function compileAll(state: StateReader): ReadonlyMap<HostName, HostState> {
  const names = new Set([
    ...[...state.all('port')].flatMap((port) => [port['binding:host_id'], migratingTo(port) ?? '']),
    ...[...state.all('port_binding')].map(({ host }) => host),
    ...[...state.all('agent')].map(({ host }) => host),
  ]);
  const hosts = new Map<HostName, HostState>();
  for (const name of [...names].sort(compareIds)) {
    const host = parseHostName(name);
    const compiled = host === null ? emptyHostState : compileHost(state, host);
    if (host !== null && compiled.endpoints.size + compiled.bgpPeers.size > 0) hosts.set(host, compiled);
  }
  return hosts;
}

/**
 * Everything in the API state that cannot be compiled, sorted by subject: each subnet, each bound port, each peer of a BGP speaker, and each
 * rule of a group that some endpoint is in. What is named here fails closed and holds up nothing else.
 */
export function compileProblems(state: StateReader): readonly Problem[] {
  const problems: Problem[] = [];
  const groups = new Set<string>();
  for (const { id } of state.all('subnet')) {
    const compiled = subnetOf(state, id);
    if (isProblem(compiled)) problems.push(compiled);
  }
  for (const port of state.all('port')) {
    const compiled = compilePort(port, contextOf(state, port.network_id));
    problems.push(...compiled.problems, ...compileNames(port, state).problems);
    for (const group of compiled.places[0]?.endpoint.policies ?? []) groups.add(group);
  }
  for (const group of groups) problems.push(...compilePolicy(group, state).problems);
  return [...problems, ...compileSpeakers(state).problems].sort(compareProblems);
}

/** By subject, then by detail. */
export function compareProblems(a: Problem, b: Problem): number {
  return compareIds(a.subject, b.subject) || compareIds(a.detail, b.detail);
}

/** Its own names, and the chosen ones of all ports that this one may ask for; of a zone that was met before its own alone. */
function* zoneNames(port: Port, met: Set<string>, state: StateReader): Iterable<PortNames> {
  const { names: own } = compileNames(port, state);
  if (own === null) return;
  yield own;
  if (met.has(zoneOf(own))) return;
  met.add(zoneOf(own));
  for (const other of state.by('port.network_id', port.network_id)) {
    const { names } = isChosenName(other) ? compileNames(other, state) : { names: null };
    if (names !== null && zoneOf(names) === zoneOf(own)) yield names;
  }
}

function contextOf(state: StateReader, network: string): Parameters<typeof compilePort>[1] {
  const hasSubnet = (id: string): boolean => {
    const subnet = subnetOf(state, id);
    return subnet !== undefined && !isProblem(subnet);
  };
  return { network: state.get('network', network), hasSubnet, state };
}

function subnetOf(state: StateReader, id: string): Subnet | Problem | undefined {
  const subnet = state.get('subnet', id);
  return subnet && compileSubnet(subnet, { network: state.get('network', subnet.network_id), state });
}

function compileSet(state: StateReader, id: string): AddressSet {
  return { kind: 'set', id, members: [...new Set(setMembers(id, state))].sort(compareMembers) };
}

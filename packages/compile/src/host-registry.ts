import {
  type BgpPeer,
  diffRules,
  type Endpoint,
  emptyHostState,
  FLAT_SPACE,
  type HostDelta,
  type HostName,
  type HostObject,
  type HostState,
  isEmptyDelta,
  isSameObject,
  type Member,
  type MemberChange,
  type Policy,
  type PortNames,
  type RuleChange,
  type Subnet,
} from '@manx/hoststate';
import { zoneOf } from './compile-names.js';
import type { CompiledPolicy } from './compile-policy.js';
import { HostEdit } from './host-edit.js';
import { emptyHostUse, type HostUse } from './host-use.js';
import { MemberSet, netChange } from './member-set.js';
import { SharedDeltas } from './shared-deltas.js';
import { countIn, countOut } from './tally.js';
import { type Named, Zones } from './zones.js';

/** Where the registry gets a shared object that a host begins to use; both answer as of the current API state. */
export type SharedSource = {
  readonly policy: (group: string) => CompiledPolicy;
  readonly members: (set: string) => Iterable<Member>;
};

/** One object that several hosts have, and which. */
type Shared<T> = { value: T; readonly hosts: Set<HostName> };

/**
 * Which host has which endpoint, and through them which policy, set, subnet and names: counted references, so that a host gets a
 * shared object with the first endpoint that needs it and loses it with the last. Changes gather until `finish` gives them
 * as deltas. Shared objects exist here only while some host uses them.
 */
export class HostRegistry {
  readonly #source: SharedSource;
  readonly #hosts = new Map<HostName, HostUse>();
  readonly #policies = new Map<string, Shared<CompiledPolicy>>();
  readonly #sets = new Map<string, Shared<MemberSet>>();
  /** Every usable subnet, used or not: there are few, and endpoints depend on which exist. */
  readonly #subnets = new Map<string, Shared<Subnet>>();
  readonly #zones = new Zones((host, id, before) => this.#edit(host).touch('names', id, before));
  readonly #edits = new Map<HostName, HostEdit>();
  /** Whether each address touched since the last `finish` was a member of the set before. */
  readonly #touchedMembers = new Map<string, Map<Member, boolean>>();
  /** Sets that every host has which has an endpoint, and by how many each is wanted. */
  readonly #everywhere = new Map<string, number>();
  /** Policies and sets that lost their last host since the last `finish`. */
  readonly #idle = new Set<string>();

  constructor(source: SharedSource) {
    this.#source = source;
  }

  /** The hosts that have an endpoint or a BGP peer, in no particular order. */
  get hosts(): Iterable<HostName> {
    return this.#hosts.keys();
  }

  /** The policies that some host has. */
  get policies(): readonly CompiledPolicy[] {
    return [...this.#policies.values()].map(({ value }) => value);
  }

  /** The whole state of one host; the cost is that of the host. */
  state(host: HostName): HostState {
    const use = this.#hosts.get(host);
    if (use === undefined) return emptyHostState;
    const view = this.#view(host);
    const pick = <T extends HostObject>(kind: T['kind'], ids: Iterable<string>): ReadonlyMap<string, T> => {
      const objects = new Map<string, T>();
      for (const id of ids) objects.set(id, view.objectOf(kind, id) as T);
      return objects;
    };
    return {
      endpoints: new Map(use.endpoints),
      policies: pick('policy', use.policies.keys()),
      sets: pick('set', use.sets.keys()),
      subnets: pick('subnet', use.subnets.keys()),
      bgpPeers: use.bgpPeers,
      names: this.#namesFor(use, view.namesOf),
    };
  }

  /** An endpoint as it is on a host. */
  endpoint(host: HostName, id: string): Endpoint | undefined {
    return this.#hosts.get(host)?.endpoints.get(id);
  }

  /** Whether the subnet can be served, and endpoints may have addresses in it. */
  hasSubnet(id: string): boolean {
    return this.#subnets.has(id);
  }

  /** Puts a subnet as it is now, or takes it away. Endpoints with addresses in one that came or went must be put again by the caller. */
  setSubnet(id: string, subnet: Subnet | undefined): void {
    const shared = this.#subnets.get(id);
    for (const host of shared?.hosts ?? []) {
      this.#edit(host).touch('subnet', id, shared?.value);
      if (subnet?.hasSnat === true) this.#useSet(host, this.#useOf(host), FLAT_SPACE);
      if (shared?.value.hasSnat === true) this.#dropSet(host, this.#useOf(host), FLAT_SPACE);
    }
    if (subnet === undefined) this.#subnets.delete(id);
    else if (shared === undefined) this.#subnets.set(id, { value: subnet, hosts: new Set() });
    else shared.value = subnet;
  }

  /** Puts an endpoint on a host as it is now, or takes it away. */
  setEndpoint(host: HostName, id: string, endpoint: Endpoint | undefined): void {
    const use = this.#useOf(host);
    const before = use.endpoints.get(id);
    if (before === undefined ? endpoint === undefined : endpoint !== undefined && isSameObject(before, endpoint)) return;
    this.#edit(host).touch('endpoint', id, before);
    if (endpoint === undefined) use.endpoints.delete(id);
    else use.endpoints.set(id, endpoint);
    for (const policy of endpoint?.policies ?? []) this.#usePolicy(host, use, policy);
    for (const { subnet } of endpoint?.addresses ?? []) this.#useSubnet(host, use, subnet);
    if (before === undefined && use.endpoints.size === 1) for (const set of this.#everywhere.keys()) this.#useSet(host, use, set);
    if (endpoint === undefined && use.endpoints.size === 0) for (const set of this.#everywhere.keys()) this.#dropSet(host, use, set);
    if (hasFloating(endpoint)) this.#useSet(host, use, FLAT_SPACE);
    if (hasFloating(before)) this.#dropSet(host, use, FLAT_SPACE);
    for (const policy of before?.policies ?? []) this.#dropPolicy(host, use, policy);
    for (const { subnet } of before?.addresses ?? []) this.#dropSubnet(host, use, subnet);
  }

  /** Puts whom a host speaks BGP with beside those of its own file. */
  setBgpPeers(host: HostName, peers: ReadonlyMap<string, BgpPeer>): void {
    const before = this.#hosts.get(host)?.bgpPeers;
    if ((before?.size ?? 0) + peers.size === 0) return;
    const edit = this.#edit(host);
    for (const [id, peer] of before ?? []) if (peers.get(id) !== peer) edit.touch('bgp-peer', id, peer);
    for (const id of peers.keys()) if (before?.has(id) !== true) edit.touch('bgp-peer', id, undefined);
    this.#useOf(host).bgpPeers = peers;
  }

  /**
   * Puts the names of a port as they are now, or takes them away: chosen ones are told to its zone, others to the hosts that it is an endpoint on
   * alone (several during a live migration). Those hosts are told of its zone.
   */
  setNames(id: string, after: Named | undefined): void {
    const before = this.#zones.of(id);
    if (before === undefined ? after === undefined : after !== undefined && isSameNamed(before, after)) return;
    for (const host of [...(before?.hosts ?? []), ...(after?.hosts ?? [])]) {
      this.#edit(host).touch('names', id, this.#view(host).namesOf(id));
    }
    this.#zones.set(id, after);
    const [to, from] = [after && zoneOf(after.names), before && zoneOf(before.names)];
    for (const host of after?.hosts ?? []) if (to !== undefined && countIn(this.#useOf(host).zones, to)) this.#zones.join(to, host);
    for (const host of before?.hosts ?? [])
      if (from !== undefined && countOut(this.#useOf(host).zones, from)) this.#zones.leave(from, host);
  }

  /** Somebody wants every host that has an endpoint to have this set. */
  spread(set: string): void {
    if (!countIn(this.#everywhere, set)) return;
    for (const [host, use] of this.#hosts) if (use.endpoints.size > 0) this.#useSet(host, use, set);
  }

  /** Somebody wants that no longer. */
  gather(set: string): void {
    if (!countOut(this.#everywhere, set)) return;
    for (const [host, use] of this.#hosts) if (use.endpoints.size > 0) this.#dropSet(host, use, set);
  }

  /** Compiles a policy again, if any host has it. */
  refreshPolicy(id: string): void {
    const shared = this.#policies.get(id);
    if (shared === undefined) return;
    const before = shared.value;
    const after = this.#source.policy(id);
    const isSame = isSameObject(before.policy, after.policy);
    shared.value = isSame ? { ...after, policy: before.policy } : after;
    if (isSame) return;
    for (const host of shared.hosts) {
      const use = this.#useOf(host);
      this.#edit(host).touch('policy', id, before.policy);
      for (const set of shared.value.sets) this.#useSet(host, use, set);
      for (const set of before.sets) this.#dropSet(host, use, set);
    }
  }

  /** One more port (or subnet, or address group) gives the member; nothing to do for a set that no host asks. */
  join(group: string, ip: Member): void {
    const members = this.#sets.get(group)?.value;
    if (members?.join(ip) === true) this.#touchMember(group, ip, false);
  }

  /** One less gives the member. */
  leave(group: string, ip: Member): void {
    const members = this.#sets.get(group)?.value;
    if (members?.leave(ip) === true) this.#touchMember(group, ip, true);
  }

  /** What changed on each host since the last call; hosts without a change are not named, and those with one and the same share it. */
  finish(): ReadonlyMap<HostName, HostDelta> {
    const changes = new Map<string, MemberChange>();
    for (const [id, touched] of this.#touchedMembers) {
      const shared = this.#sets.get(id);
      const change = shared === undefined ? null : netChange(touched, (ip) => shared.value.has(ip));
      if (shared === undefined || change === null) continue;
      changes.set(id, change);
      for (const host of shared.hosts) this.#edit(host).touchSet(id, true);
    }
    const deltas = new Map<HostName, HostDelta>();
    const isSame = comparison();
    const rulesOf = ruleChanges();
    const shared = new SharedDeltas();
    for (const [host, edit] of this.#edits) {
      const delta = edit.delta({ ...this.#view(host), isSame, rulesOf, membersOf: (set) => changes.get(set) ?? null });
      if (!isEmptyDelta(delta)) deltas.set(host, shared.one(delta));
    }
    this.#forget();
    return deltas;
  }

  /** Ends the gathering of changes, and lets go of what nobody uses any more. */
  #forget(): void {
    for (const host of this.#edits.keys()) {
      const use = this.#hosts.get(host);
      if (use?.endpoints.size === 0 && use.bgpPeers.size === 0) this.#hosts.delete(host);
    }
    for (const id of this.#idle) {
      if (this.#policies.get(id)?.hosts.size === 0) this.#policies.delete(id);
      if (this.#sets.get(id)?.hosts.size === 0) this.#sets.delete(id);
    }
    this.#edits.clear();
    this.#touchedMembers.clear();
    this.#idle.clear();
  }

  #usePolicy(host: HostName, use: HostUse, id: string): void {
    if (!countIn(use.policies, id)) return;
    const shared = sharedOf(this.#policies, id, () => this.#source.policy(id));
    this.#edit(host).touch('policy', id, undefined);
    shared.hosts.add(host);
    for (const set of shared.value.sets) this.#useSet(host, use, set);
  }

  #dropPolicy(host: HostName, use: HostUse, id: string): void {
    const shared = this.#policies.get(id);
    if (!countOut(use.policies, id) || shared === undefined) return;
    this.#edit(host).touch('policy', id, shared.value.policy);
    shared.hosts.delete(host);
    this.#idle.add(id);
    for (const set of shared.value.sets) this.#dropSet(host, use, set);
  }

  #useSet(host: HostName, use: HostUse, id: string): void {
    if (!countIn(use.sets, id)) return;
    const shared = sharedOf(this.#sets, id, () => new MemberSet(id, this.#source.members(id)));
    this.#edit(host).touchSet(id, false);
    shared.hosts.add(host);
  }

  #dropSet(host: HostName, use: HostUse, id: string): void {
    if (!countOut(use.sets, id)) return;
    this.#edit(host).touchSet(id, true);
    this.#sets.get(id)?.hosts.delete(host);
    this.#idle.add(id);
  }

  #useSubnet(host: HostName, use: HostUse, id: string): void {
    if (!countIn(use.subnets, id)) return;
    const shared = this.#subnets.get(id);
    this.#edit(host).touch('subnet', id, undefined);
    shared?.hosts.add(host);
    if (shared?.value.hasSnat === true) this.#useSet(host, use, FLAT_SPACE);
  }

  #dropSubnet(host: HostName, use: HostUse, id: string): void {
    if (!countOut(use.subnets, id)) return;
    const shared = this.#subnets.get(id);
    this.#edit(host).touch('subnet', id, shared?.value);
    shared?.hosts.delete(host);
    if (shared?.value.hasSnat === true) this.#dropSet(host, use, FLAT_SPACE);
  }

  #touchMember(group: string, ip: Member, wasMember: boolean): void {
    const touched = this.#touchedMembers.get(group) ?? new Map<Member, boolean>();
    if (!touched.has(ip)) touched.set(ip, wasMember);
    this.#touchedMembers.set(group, touched);
  }

  #view(host: HostName): {
    has: (kind: HostObject['kind'], id: string) => boolean;
    objectOf: (kind: HostObject['kind'], id: string) => HostObject | undefined;
    namesOf: (id: string) => PortNames | undefined;
  } {
    const use = this.#hosts.get(host) ?? emptyHostUse();
    const namesOf = (id: string): PortNames | undefined => {
      const named = this.#zones.of(id);
      if (named === undefined) return undefined;
      const isTold = named.hosts.includes(host) || (named.isChosen && use.zones.has(zoneOf(named.names)));
      return isTold ? named.names : undefined;
    };
    const names = { has: (id: string) => namesOf(id) !== undefined };
    const used = {
      endpoint: use.endpoints,
      policy: use.policies,
      set: use.sets,
      subnet: use.subnets,
      names,
      'bgp-peer': use.bgpPeers,
    } as const;
    const find = {
      endpoint: (id: string) => use.endpoints.get(id),
      policy: (id: string) => this.#policies.get(id)?.value.policy,
      set: (id: string) => this.#sets.get(id)?.value.object,
      subnet: (id: string) => this.#subnets.get(id)?.value,
      'bgp-peer': (id: string) => use.bgpPeers.get(id),
      names: namesOf,
    } as const;
    const has = (kind: HostObject['kind'], id: string): boolean => used[kind].has(id);
    return { has, objectOf: (kind, id) => (has(kind, id) ? find[kind](id) : undefined), namesOf };
  }

  /** Those of its own endpoints, and the chosen ones of their zones. */
  #namesFor({ endpoints, zones }: HostUse, namesOf: (id: string) => PortNames | undefined): ReadonlyMap<string, PortNames> {
    const own = [...endpoints.keys()].flatMap((id) => namesOf(id) ?? []);
    const chosen = [...zones.keys()].flatMap((zone) => [...this.#zones.members(zone)]);
    return new Map([...own, ...chosen].map((names) => [names.id, names]));
  }

  #useOf(host: HostName): HostUse {
    const use = this.#hosts.get(host) ?? emptyHostUse();
    this.#hosts.set(host, use);
    return use;
  }

  #edit(host: HostName): HostEdit {
    const edit = this.#edits.get(host) ?? new HostEdit();
    this.#edits.set(host, edit);
    return edit;
  }
}

function isSameNamed(before: Named, after: Named): boolean {
  const isSameSort = before.isChosen === after.isChosen && before.hosts.length === after.hosts.length;
  return isSameSort && before.hosts.every((host, at) => host === after.hosts[at]) && isSameObject(before.names, after.names);
}

function hasFloating(endpoint: Endpoint | undefined): boolean {
  return endpoint !== undefined && endpoint.floating.length > 0;
}

function sharedOf<T>(map: Map<string, Shared<T>>, id: string, make: () => T): Shared<T> {
  const shared = map.get(id) ?? { value: make(), hosts: new Set<HostName>() };
  map.set(id, shared);
  return shared;
}

/** `isSameObject` that remembers: hosts share what they have in common, and the same two are asked about for each of them. */
function comparison(): (before: HostObject, after: HostObject) => boolean {
  const known = new Map<HostObject, { readonly after: HostObject; readonly isSame: boolean }>();
  return (before, after) => {
    const found = known.get(before);
    if (found?.after === after) return found.isSame;
    const isSame = isSameObject(before, after);
    known.set(before, { after, isSame });
    return isSame;
  };
}

/** `diffRules` that remembers, for the same reason. */
function ruleChanges(): (before: Policy, after: Policy) => RuleChange {
  const known = new Map<Policy, { readonly after: Policy; readonly change: RuleChange }>();
  return (before, after) => {
    const found = known.get(before);
    if (found?.after === after) return found.change;
    const change = diffRules(before.rules, after.rules);
    known.set(before, { after, change });
    return change;
  };
}

import { MAP_OF_KIND } from './canonical-order.js';
import { changeRules } from './change-rules.js';
import type { AddressSet, BgpPeer, Endpoint, HostDelta, HostObject, HostState, Member, Policy, PortNames, Subnet } from './host-state.js';
import { isProblem, type Problem } from './problem.js';
import { compareMembers, hasMember, positionOf } from './sorted-members.js';

/** Up to this many membership changes are spliced in one by one; more are merged in one pass. */
const SPLICE_LIMIT = 16;

/** The state of a host that nothing is bound to. */
export const emptyHostState: HostState = {
  endpoints: new Map(),
  policies: new Map(),
  sets: new Map(),
  subnets: new Map(),
  bgpPeers: new Map(),
  names: new Map(),
};

/** Addresses that join and leave a set. */
export type MemberChange = Pick<HostDelta['members'][number], 'add' | 'remove'>;

type Draft = {
  readonly endpoints: Map<string, Endpoint>;
  readonly policies: Map<string, Policy>;
  readonly sets: Map<string, AddressSet>;
  readonly subnets: Map<string, Subnet>;
  readonly bgpPeers: Map<string, BgpPeer>;
  readonly names: Map<string, PortNames>;
};

/**
 * The state after a change: deletes, then puts, then rules and members. `state` is left as it is, and objects that the delta does
 * not name keep their reference.
 *
 * A delta that does not fit the state (deletes what is not there, names an object twice, changes the rules of a policy or the
 * members of a set that is not there, adds a rule or a member that is there, removes one that is not) was made against another state: the answer is
 * a problem `delta-does-not-fit` and nothing is applied. The receiver then needs a snapshot.
 */
export function applyDelta(state: HostState, delta: HostDelta): HostState | Problem {
  const draft = draftOf(state, delta);
  const named = new Set<string>();
  for (const { kind, id } of delta.deletes) {
    if (isNamedAgain(named, kind, id)) return misfit(`${kind} ${id}`, 'is named twice');
    if (!mapOf(draft, kind).delete(id)) return misfit(`${kind} ${id}`, 'is to be deleted but is not there');
  }
  for (const object of delta.puts) {
    if (isNamedAgain(named, object.kind, object.id)) return misfit(`${object.kind} ${object.id}`, 'is named twice');
    put(draft, object);
  }
  for (const change of delta.rules) {
    if (isNamedAgain(named, 'rules', change.policy)) return misfit(`policy ${change.policy}`, 'has its rules changed twice');
    const policy = draft.policies.get(change.policy);
    if (policy === undefined) return misfit(`policy ${change.policy}`, 'has its rules changed but is not there');
    const changed = changeRules(policy, change);
    if (isProblem(changed)) return changed;
    draft.policies.set(policy.id, changed);
  }
  for (const change of delta.members) {
    if (isNamedAgain(named, 'members', change.set)) return misfit(`set ${change.set}`, 'has its members changed twice');
    const set = draft.sets.get(change.set);
    if (set === undefined) return misfit(`set ${change.set}`, 'has its members changed but is not there');
    const changed = changeMembers(set, change);
    if (isProblem(changed)) return changed;
    draft.sets.set(set.id, changed);
  }
  return draft;
}

/** Copies of the maps that the delta touches; the others are shared, and never written. */
function draftOf(state: HostState, delta: HostDelta): Draft {
  const touched = new Set<HostObject['kind']>();
  for (const { kind } of delta.deletes) touched.add(kind);
  for (const { kind } of delta.puts) touched.add(kind);
  if (delta.rules.length > 0) touched.add('policy');
  if (delta.members.length > 0) touched.add('set');
  const draft = <V>(kind: HostObject['kind'], map: ReadonlyMap<string, V>): Map<string, V> =>
    touched.has(kind) ? new Map(map) : (map as Map<string, V>);
  return {
    endpoints: draft('endpoint', state.endpoints),
    policies: draft('policy', state.policies),
    sets: draft('set', state.sets),
    subnets: draft('subnet', state.subnets),
    bgpPeers: draft('bgp-peer', state.bgpPeers),
    names: draft('names', state.names),
  };
}

function mapOf(draft: Draft, kind: HostObject['kind']): Map<string, unknown> {
  return draft[MAP_OF_KIND[kind]];
}

function put(draft: Draft, object: HostObject): void {
  mapOf(draft, object.kind).set(object.id, object);
}

function isNamedAgain(named: Set<string>, kind: HostObject['kind'] | 'rules' | 'members', id: string): boolean {
  const key = `${kind} ${id}`;
  if (named.has(key)) return true;
  named.add(key);
  return false;
}

/** The set after a change of its members; a problem `delta-does-not-fit` where `applyDelta` says so. `set` is left as it is. */
export function changeMembers(set: AddressSet, change: MemberChange): AddressSet | Problem {
  const wrongAdd = change.add.find((ip) => hasMember(set.members, ip));
  if (wrongAdd !== undefined) return misfit(`set ${set.id}`, `already has the member ${wrongAdd}`);
  const wrongRemove = change.remove.find((ip) => !hasMember(set.members, ip));
  if (wrongRemove !== undefined) return misfit(`set ${set.id}`, `has no member ${wrongRemove}`);
  if (new Set([...change.add, ...change.remove]).size !== change.add.length + change.remove.length) {
    return misfit(`set ${set.id}`, 'has a member named twice');
  }
  const isSmall = change.add.length + change.remove.length <= SPLICE_LIMIT;
  return { kind: 'set', id: set.id, members: isSmall ? splice(set.members, change) : merge(set.members, change) };
}

function splice(members: readonly Member[], change: MemberChange): readonly Member[] {
  const changed = [...members];
  for (const ip of change.remove) changed.splice(positionOf(changed, ip), 1);
  for (const ip of change.add) changed.splice(positionOf(changed, ip), 0, ip);
  return changed;
}

/** One pass over both lists: the positions of the additions are found by log n searches in the old list. */
function merge(members: readonly Member[], change: MemberChange): readonly Member[] {
  const removed = new Set(change.remove);
  const kept = removed.size === 0 ? members : members.filter((ip) => !removed.has(ip));
  const merged: Member[] = [];
  let from = 0;
  for (const ip of [...change.add].sort(compareMembers)) {
    const to = positionOf(kept, ip);
    for (; from < to; from++) merged.push(kept[from] ?? ip);
    merged.push(ip);
  }
  for (; from < kept.length; from++) {
    const ip = kept[from];
    if (ip !== undefined) merged.push(ip);
  }
  return merged;
}

function misfit(subject: string, detail: string): Problem {
  return { code: 'delta-does-not-fit', subject, detail };
}

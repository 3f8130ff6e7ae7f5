import type { Ip } from '@manx/ip';
import { isSameObject } from './diff-host-states.js';
import { type FlowJudge, flowJudge } from './flow.js';
import type { AddressSet, Endpoint, HostState, Policy } from './host-state.js';
import { diffIps } from './sorted-ips.js';

/**
 * The endpoints, of either state, for which an established flow may be allowed by `before` and not by `after`: gone, or
 * gone down; a policy taken away; a rule of a policy removed or changed; a member removed from a set that a policy asks; an
 * address lost. An address gained counts too: flows of a former holder elsewhere may still be tracked here, and were not
 * judged by this endpoint's policy. Never misses one (a property of the tests), may name one too many.
 * Objects of equal reference are not looked into.
 */
export function endpointsTightened(before: HostState, after: HostState): ReadonlySet<string> {
  const sets = changedIds(before.sets, after.sets, hasLostMembers);
  const policies = changedIds(before.policies, after.policies, hasLostRules);
  for (const policy of after.policies.values()) {
    if (sets.size > 0 && policy.rules.some(({ peer }) => peer.kind === 'set' && sets.has(peer.set))) policies.add(policy.id);
  }
  const tightened = new Set<string>();
  for (const endpoint of before.endpoints.values()) {
    if (isTightened(endpoint, after.endpoints.get(endpoint.id), policies)) tightened.add(endpoint.id);
  }
  for (const endpoint of after.endpoints.values()) {
    if (hasGained(before.endpoints.get(endpoint.id), endpoint)) tightened.add(endpoint.id);
  }
  return tightened;
}

/**
 * Which established flows must end now that `after` stands in place of `before`: those of a tightened endpoint that are
 * no longer allowed, and all of an address that its endpoint lost. Flows that no tightened endpoint has a part in are
 * left alone without being judged. `addresses` is whose flows are concerned: when it is empty there is nothing to list.
 */
export function flowCutter(before: HostState, after: HostState): { readonly addresses: ReadonlySet<Ip>; readonly isCut: FlowJudge } {
  const addresses = new Set<Ip>();
  const lost = new Set<Ip>();
  for (const id of endpointsTightened(before, after)) {
    const kept = new Set(after.endpoints.get(id)?.addresses.map(({ ip }) => ip));
    for (const ip of kept) addresses.add(ip);
    for (const { ip } of before.endpoints.get(id)?.addresses ?? []) {
      addresses.add(ip);
      if (!kept.has(ip)) lost.add(ip);
    }
  }
  const isAllowed = flowJudge(after);
  const isCut: FlowJudge = (flow) => {
    if (lost.has(flow.source) || lost.has(flow.destination)) return true;
    return (addresses.has(flow.source) || addresses.has(flow.destination)) && !isAllowed(flow);
  };
  return { addresses, isCut };
}

function changedIds<V>(before: ReadonlyMap<string, V>, after: ReadonlyMap<string, V>, hasLost: (a: V, b: V) => boolean): Set<string> {
  const ids = new Set<string>();
  if (before === after) return ids;
  for (const [id, old] of before) {
    const fresh = after.get(id);
    if (fresh === undefined || (fresh !== old && hasLost(old, fresh))) ids.add(id);
  }
  return ids;
}

function hasLostMembers(before: AddressSet, after: AddressSet): boolean {
  return diffIps(before.members, after.members).remove.length > 0;
}

function hasLostRules(before: Policy, after: Policy): boolean {
  const fresh = new Map(after.rules.map((rule) => [rule.id, rule]));
  return before.rules.some((rule) => {
    const same = fresh.get(rule.id);
    return same === undefined || !isSameObject(policyOf(rule), policyOf(same));
  });
}

function policyOf(rule: Policy['rules'][number]): Policy {
  return { kind: 'policy', id: rule.id, rules: [rule] };
}

function isTightened(before: Endpoint, after: Endpoint | undefined, policies: ReadonlySet<string>): boolean {
  if (after === undefined || (before.isUp && !after.isUp)) return true;
  if (before.policies.some((id) => policies.has(id) || !after.policies.includes(id))) return true;
  return before !== after && before.addresses.some(({ ip }) => after.addresses.every((kept) => kept.ip !== ip));
}

function hasGained(before: Endpoint | undefined, after: Endpoint): boolean {
  if (before === after) return false;
  return after.addresses.some(({ ip }) => before === undefined || before.addresses.every((old) => old.ip !== ip));
}

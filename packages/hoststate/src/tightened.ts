import { cidrContains, type Ip } from '@manx/ip';
import { isSameObject } from './diff-host-states.js';
import { type FlowJudge, flowJudge } from './flow.js';
import type { AddressSet, Endpoint, HostState, Member, Policy } from './host-state.js';
import { diffMembers, isPrefix, memberOf } from './sorted-members.js';
import { translationCutter } from './translation-cutter.js';

/**
 * The endpoints, of either state, for which an established flow may be allowed by `before` and not by `after`: gone, or
 * gone down; port security turned on; a policy taken away; a rule of a policy removed or changed; a member removed from a set that a policy asks; an
 * address or pair lost. An address gained counts too: flows of a former holder elsewhere may still be tracked here, and were not
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
 * no longer allowed, all of an address that its endpoint lost, and all that are translated otherwise now. Flows that no tightened
 * endpoint has a part in are left alone without being judged. `addresses` is whose flows are concerned, as a source or destination
 * of their first packet: when it is empty there is nothing to list.
 * `snat` is the host's own address for source NAT (S24), null where it has none.
 */
export function flowCutter(
  before: HostState,
  after: HostState,
  snat: Ip | null,
): { readonly addresses: ReadonlySet<Member>; readonly isCut: FlowJudge } {
  const addresses = new Set<Member>();
  const lost = new Set<Member>();
  for (const id of endpointsTightened(before, after)) {
    const fresh = after.endpoints.get(id);
    const kept = new Set(fresh === undefined ? [] : membersOf(fresh));
    for (const member of kept) addresses.add(member);
    const old = before.endpoints.get(id);
    for (const { ip } of [fresh, old].flatMap((one) => [...(one?.floating ?? []), ...(one?.forwards ?? [])])) addresses.add(ip);
    if (old === undefined) continue;
    const own = new Set<Member>(old.addresses.map(({ ip }) => ip));
    for (const member of membersOf(old)) {
      addresses.add(member);
      if (!kept.has(member) && (own.has(member) || !isSharedOn(member, before, after))) lost.add(member);
    }
  }
  const translated = translationCutter(before, after, snat);
  for (const member of translated.addresses) addresses.add(member);
  const isAllowed = flowJudge(after);
  const [ofLost, ofAll] = [matcher(lost), matcher(addresses)];
  const isCut: FlowJudge = (flow) => ofLost(flow) || translated.isCut(flow) || (ofAll(flow) && !isAllowed(flow));
  return { addresses, isCut };
}

/** Everything that a flow of some endpoint of the state can begin from or to: what is listed when all of them are to be judged. */
export function reviewedMembers(state: HostState): readonly Member[] {
  const asked = ({ floating, forwards }: Endpoint): readonly Member[] => [...floating, ...forwards].map(({ ip }) => ip);
  return [...new Set([...state.endpoints.values()].flatMap((endpoint) => [...membersOf(endpoint), ...asked(endpoint)]))];
}

/** Own addresses and pairs, each once. */
function membersOf(endpoint: Endpoint): readonly Member[] {
  return [...new Set([...endpoint.addresses.map(({ ip }) => ip), ...endpoint.pairs.map(({ cidr }) => memberOf(cidr))])];
}

/** Whether some endpoint had the pair before and still has it: flows of an address that several hold may be that one's. */
function isSharedOn(member: Member, before: HostState, after: HostState): boolean {
  const has = (endpoint: Endpoint | undefined): boolean => endpoint?.pairs.some(({ cidr }) => memberOf(cidr) === member) ?? false;
  return [...after.endpoints.values()].some((endpoint) => has(endpoint) && has(before.endpoints.get(endpoint.id)));
}

/** Whether a flow has an address of these as an end. */
function matcher(members: ReadonlySet<Member>): FlowJudge {
  const prefixes = [...members].filter(isPrefix);
  const has = (ip: Ip): boolean => members.has(ip) || prefixes.some((cidr) => cidrContains(cidr, ip));
  return ({ source, destination }) => has(source) || has(destination);
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
  return diffMembers(before.members, after.members).remove.length > 0;
}

function hasLostRules(before: Policy, after: Policy): boolean {
  const fresh = new Map(after.rules.map((rule) => [rule.id, rule]));
  return before.rules.some((rule) => {
    const same = fresh.get(rule.id);
    return same === undefined || !isSameObject(policyOf(rule), policyOf(same));
  });
}

function policyOf(rule: Policy['rules'][number]): Policy {
  return { kind: 'policy', id: rule.id, isStateful: true, rules: [rule] };
}

function isTightened(before: Endpoint, after: Endpoint | undefined, policies: ReadonlySet<string>): boolean {
  if (after === undefined || (before.isUp && !after.isUp) || (!before.isSecured && after.isSecured)) return true;
  if (before.policies.some((id) => policies.has(id) || !after.policies.includes(id))) return true;
  if (before === after) return false;
  return hasMembersBeyond(before, after) || hasRoutedBeyond(before, after) || isTranslatedOtherwise(before, after);
}

function hasGained(before: Endpoint | undefined, after: Endpoint): boolean {
  if (before === after) return false;
  if (before === undefined) return membersOf(after).length + after.forwards.length > 0;
  return hasMembersBeyond(after, before) || hasRoutedBeyond(after, before);
}

function hasMembersBeyond(more: Endpoint, less: Endpoint): boolean {
  const few = new Set(membersOf(less));
  return membersOf(more).some((member) => !few.has(member));
}

/** Whether a pair or claimed address is routed to one that is not to the other, or claimed by the one alone. */
function hasRoutedBeyond(more: Endpoint, less: Endpoint): boolean {
  const routed = new Set(routedTo(less));
  return routedTo(more).some((text) => !routed.has(text));
}

function routedTo({ pairs, claims }: Endpoint): readonly string[] {
  return [...pairs.flatMap(({ cidr, isRouted, isYielded }) => (isRouted && !isYielded ? [cidr] : [])), ...claims];
}

function isTranslatedOtherwise(before: Endpoint, after: Endpoint): boolean {
  const text = ({ floating, forwards }: Endpoint): string => JSON.stringify([floating, forwards]);
  return text(before) !== text(after);
}

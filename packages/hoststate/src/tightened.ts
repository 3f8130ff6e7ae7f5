import { cidrContains, type Ip } from '@manx/ip';
import { isSameObject } from './diff-host-states.js';
import { type FlowJudge, flowJudge } from './flow.js';
import type { AddressSet, Endpoint, HostState, Member, Policy } from './host-state.js';
import { isSilent } from './phase.js';
import { diffMembers, isPrefix, memberOf } from './sorted-members.js';
import type { EstablishedFlow, Flow } from './translation.js';
import { translationCutter } from './translation-cutter.js';

/**
 * The endpoints, of either state, for which an established flow may be allowed by `before` and not by `after`: gone, or
 * gone down; port security turned on; a policy taken away; a rule of a policy removed or changed; a member removed from a set that a policy asks; an
 * address or pair lost. An address gained counts too, as all do of one that comes up: flows of a former holder elsewhere may still be tracked here, and were not
 * judged by this endpoint's policy. Never misses one (a property of the tests), may name one too many.
 * Objects of equal reference are not looked into.
 */
export function endpointsTightened(before: HostState, after: HostState): ReadonlySet<string> {
  return new Set(tightenings(before, after).map(({ id }) => id));
}

type RememberedFlow = Flow & Pick<EstablishedFlow, 'isPickedUp' | 'isOpen'>;

/** An endpoint that is tightened, as it was and as it is, null where it was not or is not there. Of one that is not `isWhole` only what it has differs. */
type Tightening = { readonly id: string; readonly old: Endpoint | null; readonly fresh: Endpoint | null; readonly isWhole: boolean };

function tightenings(before: HostState, after: HostState): readonly Tightening[] {
  const sets = changedIds(before.sets, after.sets, hasLostMembers);
  const policies = changedIds(before.policies, after.policies, hasLostRules);
  for (const policy of after.policies.values()) {
    if (sets.size > 0 && policy.rules.some(({ peer }) => peer.kind === 'set' && sets.has(peer.set))) policies.add(policy.id);
  }
  const tightened: Tightening[] = [];
  for (const old of before.endpoints.values()) {
    const fresh = after.endpoints.get(old.id) ?? null;
    const isWhole = fresh === null || old.isUp !== fresh.isUp || hasLeft(old, fresh) || isPolicyTightened(old, fresh, policies);
    if (isWhole || isOtherwise(old, fresh)) tightened.push({ id: old.id, old, fresh, isWhole });
  }
  for (const fresh of after.endpoints.values()) {
    if (before.endpoints.has(fresh.id) || membersOf(fresh).length + fresh.forwards.length === 0) continue;
    tightened.push({ id: fresh.id, old: null, fresh, isWhole: true });
  }
  return tightened;
}

/**
 * Which established flows must end now that `after` stands in place of `before`: those of a tightened endpoint that are
 * no longer allowed, all of an address that its endpoint lost, all of one that has moved away with nobody else here, and all that are
 * translated otherwise now. Flows that no tightened
 * endpoint has a part in are left alone without being judged. `addresses` is whose flows are concerned, as a source or destination
 * of their first packet: when it is empty there is nothing to list; where an endpoint only gains or loses an address, a pair or a
 * claim, it is that one alone.
 * `snat` is the host's own address for source NAT (S24), null where it has none.
 */
export function flowCutter(
  before: HostState,
  after: HostState,
  snat: Ip | null,
): { readonly addresses: ReadonlySet<Member>; readonly isCut: (flow: RememberedFlow) => boolean } {
  const changes = tightenings(before, after);
  const addresses = new Set(changes.flatMap(concernedMembers));
  const lost = lostMembers(changes, before, after);
  const isConcerned = holderOf(addresses);
  for (const { endpoints } of addresses.size === 0 ? [] : [before, after])
    for (const { floating, forwards } of endpoints.values())
      for (const { ip, fixed } of [...floating, ...forwards]) if (isConcerned(fixed)) addresses.add(ip);
  const translated = translationCutter(before, after, snat);
  for (const member of translated.addresses) addresses.add(member);
  const isAllowed = flowJudge(after);
  let wasAllowed: FlowJudge | null = null;
  // Of what was picked up either end may have begun it: it ends with whichever way allowed it.
  const isHalfCut = (flow: RememberedFlow): boolean => {
    if (flow.isPickedUp !== true) return false;
    const other = { ...flow, source: flow.destination, destination: flow.source, sport: flow.dport, dport: flow.sport };
    wasAllowed ??= flowJudge(before);
    return wasAllowed(other) && !isAllowed(other);
  };
  const [ofLost, ofAll, ofMoved] = [matcher(lost), matcher(addresses), movedJudge(changes, after)];
  const isUnanswered = unansweredJudge(changes);
  const isCut = (flow: RememberedFlow): boolean =>
    ofLost(flow) || ofMoved(flow) || isUnanswered(flow) || translated.isCut(flow) || (ofAll(flow) && (!isAllowed(flow) || isHalfCut(flow)));
  return { addresses, isCut };
}

/** Of whose flows the answer may be another now: of all that the endpoint has or had, or of what it has and had not, or has otherwise. */
function concernedMembers({ old, fresh, isWhole }: Tightening): readonly Member[] {
  const [had, has] = [old, fresh].map((one) => (one === null ? [] : membersOf(one))) as [readonly Member[], readonly Member[]];
  if (isWhole || old === null || fresh === null) return [...had, ...has];
  return [
    ...difference(had, has),
    ...difference(ownOf(old), ownOf(fresh)),
    ...difference(routedTo(old), routedTo(fresh)),
    ...difference(claimedBy(old), claimedBy(fresh)),
  ];
}

/**
 * What an endpoint with a floating IP went on with, as itself, before that stood here: nobody has answered, so it may be as its floating IP that it is
 * known to the other end. It is asked again, both ways (`resumedChains` of render); what has only begun begins again.
 */
function unansweredJudge(changes: readonly Tightening[]): (flow: RememberedFlow) => boolean {
  const come = changes.flatMap(({ old, fresh }) =>
    fresh?.picksUp === true && !isSilent(fresh) && (old === null || isSilent(old)) ? fresh.floating.map(({ fixed }) => fixed) : [],
  );
  const fixed = new Set(come);
  return (flow) => flow.protocol === 6 && flow.isOpen !== true && fixed.has(flow.source);
}

/**
 * The flows of endpoints that have moved away by live migration, but for those with an instance that is still here: this host goes on seeing
 * those, and without its memory of them the instance's half would end. The others it sees no more, and what it remembers of them would be wrong
 * if the endpoint came back.
 */
function movedJudge(changes: readonly Tightening[], after: HostState): FlowJudge {
  const moved = changes.flatMap(({ old, fresh }) => (old !== null && hasLeft(old, fresh) ? membersOf(old) : []));
  if (moved.length === 0) return () => false;
  const isMoved = holderOf(new Set(moved));
  const isHere = holderOf(new Set([...after.endpoints.values()].flatMap((one) => (isSilent(one) ? [] : membersOf(one)))));
  return ({ source, destination }) => (isMoved(source) && !isHere(destination)) || (isMoved(destination) && !isHere(source));
}

/** What endpoints had and have no more, also because they went down, but for pairs that another has kept. */
function lostMembers(changes: readonly Tightening[], before: HostState, after: HostState): ReadonlySet<Member> {
  const lost = new Set<Member>();
  const lostPairs = new Set<Member>();
  for (const { old, fresh } of changes) {
    // Of one that had moved away before, this was done then.
    if (old?.isUp !== true || isSilent(old)) continue;
    const kept = new Set(fresh?.isUp === true ? membersOf(fresh) : []);
    for (const { ip } of old.addresses) if (!kept.has(ip)) lost.add(ip);
    for (const member of pairsOf(old)) if (!kept.has(member)) lostPairs.add(member);
  }
  if (lostPairs.size === 0) return lost;
  const shared = sharedPairs(before, after);
  for (const member of lostPairs) if (!shared.has(member)) lost.add(member);
  return lost;
}

/** Everything that a flow of some endpoint of the state can begin from or to: what is listed when all of them are to be judged. */
export function reviewedMembers(state: HostState): readonly Member[] {
  const asked = ({ floating, forwards }: Endpoint): readonly Member[] => [...floating, ...forwards].map(({ ip }) => ip);
  return [...new Set([...state.endpoints.values()].flatMap((endpoint) => [...membersOf(endpoint), ...asked(endpoint)]))];
}

/** Own addresses and pairs, each once. */
function membersOf(endpoint: Endpoint): readonly Member[] {
  return [...new Set([...ownOf(endpoint), ...pairsOf(endpoint)])];
}

function ownOf({ addresses }: Endpoint): readonly Member[] {
  return addresses.map(({ ip }) => ip);
}

/** Of one that is down others may use the pairs, and nobody its own addresses (S19). */
function pairsOf({ isUp, pairs }: Endpoint): readonly Member[] {
  return isUp ? pairs.map(({ cidr }) => memberOf(cidr)) : [];
}

/** The pairs that some endpoint had before and still has: flows of an address that several hold may be that one's. */
function sharedPairs(before: HostState, after: HostState): ReadonlySet<Member> {
  const shared = new Set<Member>();
  for (const fresh of after.endpoints.values()) {
    const old = before.endpoints.get(fresh.id);
    if (old === undefined || old.pairs.length === 0) continue;
    const had = new Set(pairsOf(old));
    for (const member of pairsOf(fresh)) if (had.has(member)) shared.add(member);
  }
  return shared;
}

/** Whether a flow has an address of these as an end. */
function matcher(members: ReadonlySet<Member>): FlowJudge {
  const has = holderOf(members);
  return ({ source, destination }) => has(source) || has(destination);
}

/** Whether an address is one of these as they are now, or in one. */
function holderOf(members: ReadonlySet<Member>): (ip: Ip) => boolean {
  const all = new Set(members);
  const prefixes = [...all].filter(isPrefix);
  return (ip) => all.has(ip) || prefixes.some((cidr) => cidrContains(cidr, ip));
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

function isPolicyTightened(before: Endpoint, after: Endpoint, policies: ReadonlySet<string>): boolean {
  if (!before.isSecured && after.isSecured) return true;
  return before.policies.some((id) => policies.has(id) || !after.policies.includes(id));
}

/** Whether it has moved away: it is still known here, and silent. */
function hasLeft(old: Endpoint, fresh: Endpoint | null): boolean {
  return fresh !== null && !isSilent(old) && isSilent(fresh);
}

/** Whether the two differ in what they have, in what is routed to them, or in how it is translated. */
function isOtherwise(before: Endpoint, after: Endpoint): boolean {
  if (before === after) return false;
  const differ = (of: (one: Endpoint) => readonly Member[]): boolean => difference(of(before), of(after)).length > 0;
  return differ(membersOf) || differ(ownOf) || differ(routedTo) || differ(claimedBy) || isTranslatedOtherwise(before, after);
}

/** Its pairs that packets are sent to it for. */
function routedTo({ isUp, pairs }: Endpoint): readonly Member[] {
  return pairs.flatMap(({ cidr, isRouted, isYielded }) => (isUp && isRouted && !isYielded ? [memberOf(cidr)] : []));
}

function claimedBy({ isUp, claims }: Endpoint): readonly Member[] {
  return isUp ? claims : [];
}

/** What is in one of the two alone. */
function difference(some: readonly Member[], others: readonly Member[]): readonly Member[] {
  const [a, b] = [new Set(some), new Set(others)];
  return [...some.filter((member) => !b.has(member)), ...others.filter((member) => !a.has(member))];
}

function isTranslatedOtherwise(before: Endpoint, after: Endpoint): boolean {
  const text = ({ floating, forwards }: Endpoint): string => JSON.stringify([floating, forwards]);
  return text(before) !== text(after);
}

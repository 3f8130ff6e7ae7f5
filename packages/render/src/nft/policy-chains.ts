import { isObjectId, type Policy, type PolicyRule } from '@manx/hoststate';
import { type Cidr, type Family, familyOf, prefixLength } from '@manx/ip';
import type { NftChain, RenderProblem } from '../host-plan.js';
import { remember } from '../remember.js';
import { countedLines } from './counted-line.js';
import { prefixText } from './intervals.js';
import { ruleCounter } from './names.js';
import { layersOf, peerField, peerMatch, type RuleSide } from './peer-match.js';
import { ANYTHING, type Service, serviceMatches, serviceProblem } from './service-match.js';

/** Whether a set has prefixes of a family beside addresses, and so is two sets in nft. */
export type HasPrefixes = (set: string, family: Family) => boolean;

/** A security group in nft: one chain a direction, the remote groups its rules name, and the rules that could not be said. */
export type PolicyNft = {
  readonly ingress: NftChain;
  readonly egress: NftChain;
  readonly sets: ReadonlySet<string>;
  /** Of all rules that could be said; what one rule opens that another opens as well is counted by one of them. */
  readonly counters: ReadonlySet<string>;
  readonly problems: readonly RenderProblem[];
};

/**
 * Renders a security group. A rule only ever accepts; what falls out of the end of the chain goes on to the next group of
 * the port, and in the end is dropped. An empty group accepts nothing. Rules share nft rules: one for all ports of a protocol
 * from one peer, one for all prefixes. Such a rule is a map from what is allowed to the counter of the security group rule that
 * allows it: a lookup in place of a list, and still a count for each. Equal arguments give the same chains, by reference.
 */
export function renderPolicy(policy: Policy, hasPrefixes: HasPrefixes): PolicyNft {
  const key = setFamilies(policy)
    .filter(([set, family]) => hasPrefixes(set, family))
    .join(' ');
  const known = memory.get(policy);
  if (known?.key === key) return known.nft;
  const nft = makePolicy(policy, hasPrefixes);
  memory.set(policy, { key, nft });
  return nft;
}

/** What the policy was rendered to the last time, and with which of its sets having prefixes. */
const memory = new WeakMap<Policy, { readonly key: string; readonly nft: PolicyNft }>();

const setFamilies = remember(
  (policy: Policy): ReadonlyArray<readonly [string, Family]> =>
    policy.rules.flatMap(({ peer, family }) => (peer.kind === 'set' ? [[peer.set, family] as const] : [])),
);

function makePolicy(policy: Policy, hasPrefixes: HasPrefixes): PolicyNft {
  const problems: RenderProblem[] = [];
  const rules = policy.rules.filter((rule) => {
    const detail = ruleProblem(rule);
    if (detail !== null) problems.push({ code: 'bad_rule', subject: policy.id, detail: `rule ${rule.id}: ${detail}` });
    return detail === null;
  });
  const sets = new Set(rules.flatMap(({ peer }) => (peer.kind === 'set' ? [peer.set] : [])));
  const chainOf = (direction: 'ingress' | 'egress'): NftChain => {
    const own = rules.filter((rule) => rule.direction === direction);
    return { hook: null, rules: ([4, 6] as const).flatMap((family) => familyRules(own, { direction, family, hasPrefixes })) };
  };
  return {
    ingress: chainOf('ingress'),
    egress: chainOf('egress'),
    sets,
    counters: new Set(rules.map(({ id }) => ruleCounter(id))),
    problems,
  };
}

/** Anyone first, then prefixes, then remote groups; each in one canonical order. */
function familyRules(rules: readonly PolicyRule[], side: RuleSide & { readonly hasPrefixes: HasPrefixes }): string[] {
  const any: Service[] = [];
  const cidrs = new Map<Cidr, Service[]>();
  const sets = new Map<string, Service[]>();
  for (const rule of rules.filter(({ family }) => family === side.family)) {
    if (rule.peer.kind === 'any' || (rule.peer.kind === 'cidr' && prefixLength(rule.peer.cidr) === 0)) any.push(rule);
    else if (rule.peer.kind === 'cidr') listOf(cidrs, rule.peer.cidr).push(rule);
    else listOf(sets, rule.peer.set).push(rule);
  }
  const open = serviceMatches(any);
  const anyone = countedLines(peerMatch(side, null), open);
  // Whoever allows everyone everything needs no other rule.
  if (open.some(({ field }) => field === ANYTHING)) return anyone;
  return [...anyone, ...prefixLines(cidrs, side), ...setLines(sets, side)];
}

/** Of each layer of prefixes, one lookup of prefix and service for each kind of service. */
function prefixLines(cidrs: ReadonlyMap<Cidr, readonly Service[]>, side: RuleSide): string[] {
  const field = peerField(side);
  return layersOf(cidrs.keys()).flatMap((layer) => {
    const matches = layer.flatMap((cidr) => serviceMatches(cidrs.get(cidr) ?? []).map((match) => ({ ...match, prefix: prefixText(cidr) })));
    const [only] = layer;
    if (only !== undefined && layer.length === 1) return countedLines(`${field} ${prefixText(only)}`, matches);
    const both = matches.map(({ prefix, field: what, key, rule }) =>
      what === ANYTHING ? { field, key: prefix, rule } : { field: `${field} . ${what}`, key: `${prefix} . ${key}`, rule },
    );
    return countedLines('', both);
  });
}

function setLines(sets: ReadonlyMap<string, readonly Service[]>, side: RuleSide & { readonly hasPrefixes: HasPrefixes }): string[] {
  return [...sets]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([set, services]) => {
      const matches = serviceMatches(services);
      const parts = side.hasPrefixes(set, side.family) ? [false, true] : [false];
      return parts.flatMap((isPrefixes) => countedLines(peerMatch(side, { set, isPrefixes }), matches));
    });
}

/** Why the rule is left out (and so allows nothing); null when it can be said. */
function ruleProblem(rule: PolicyRule): string | null {
  const { id, peer } = rule;
  if (!isObjectId(id)) return 'its id is not a plain one';
  if (peer.kind === 'cidr' && familyOf(peer.cidr) !== rule.family) return `${peer.cidr} is not IPv${rule.family}`;
  if (peer.kind === 'set' && !isObjectId(peer.set)) return `not a plain id: ${JSON.stringify(peer.set)}`;
  return serviceProblem(rule);
}

function listOf<K, V>(map: Map<K, V[]>, key: K): V[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

import { isObjectId, type Policy, type PolicyRule } from '@manx/hoststate';
import { type Cidr, type Family, familyOf, prefixLength } from '@manx/ip';
import type { NftChain, RenderProblem } from '../host-plan.js';
import { remember } from '../remember.js';
import { peerMatch, type RulePeer } from './peer-match.js';
import { type Service, serviceMatches, serviceProblem } from './service-match.js';

/** Whether a set has prefixes of a family beside addresses, and so is two sets in nft. */
export type HasPrefixes = (set: string, family: Family) => boolean;

/** A security group in nft: one chain a direction, the remote groups its rules name, and the rules that could not be said. */
export type PolicyNft = {
  readonly ingress: NftChain;
  readonly egress: NftChain;
  readonly sets: ReadonlySet<string>;
  readonly problems: readonly RenderProblem[];
};

/** All rules of one family and one peer. Prefixes each begin as a peer of their own; those with equal services become one. */
type PeerRules = { readonly peer: RulePeer; readonly services: readonly Service[] };

/**
 * Renders a security group. A rule only ever accepts; what falls out of the end of the chain goes on to the next group of
 * the port, and in the end is dropped. An empty group accepts nothing. Rules with the same peer, or with the same
 * services, share one nft rule: a lookup in place of a list. Equal arguments give the same chains, by reference.
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
  return { ingress: chainOf('ingress'), egress: chainOf('egress'), sets, problems };
}

function familyRules(
  rules: readonly PolicyRule[],
  side: Pick<PolicyRule, 'direction' | 'family'> & { readonly hasPrefixes: HasPrefixes },
): string[] {
  const own = rules.filter((rule) => rule.family === side.family);
  const lines = byPeer(own, (set) => side.hasPrefixes(set, side.family)).flatMap(({ peer, services }) => {
    const who = peerMatch(side, peer);
    return serviceMatches(services).map((what) => (what === '' ? `${who} accept` : `${who} ${what} accept`));
  });
  // Whoever allows everyone everything needs no other rule.
  const open = lines.find((line) => /^meta nfproto ipv[46] accept$/.test(line));
  return open === undefined ? lines : [open];
}

/** Anyone first, then prefixes, then remote groups; each in one canonical order. */
function byPeer(rules: readonly PolicyRule[], hasPrefixes: (set: string) => boolean): PeerRules[] {
  const any: Service[] = [];
  const cidrs = new Map<Cidr, Service[]>();
  const sets = new Map<string, Service[]>();
  for (const rule of rules) {
    if (rule.peer.kind === 'any' || (rule.peer.kind === 'cidr' && prefixLength(rule.peer.cidr) === 0)) any.push(rule);
    else if (rule.peer.kind === 'cidr') listOf(cidrs, rule.peer.cidr).push(rule);
    else listOf(sets, rule.peer.set).push(rule);
  }
  return [
    ...(any.length === 0 ? [] : [{ peer: null, services: any }]),
    ...joinedCidrs(cidrs),
    ...[...sets]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([set, services]) =>
        (hasPrefixes(set) ? [false, true] : [false]).map((isPrefixes) => ({ peer: { set, isPrefixes }, services })),
      ),
  ];
}

/** Prefixes that are allowed exactly the same are one set. */
function joinedCidrs(cidrs: ReadonlyMap<Cidr, Service[]>): PeerRules[] {
  const joined = new Map<string, { cidrs: Cidr[]; services: Service[] }>();
  for (const [cidr, services] of cidrs) {
    const key = serviceMatches(services).join('; ');
    const same = joined.get(key);
    if (same === undefined) joined.set(key, { cidrs: [cidr], services });
    else same.cidrs.push(cidr);
  }
  return [...joined]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { cidrs: together, services }]) => ({ peer: { cidrs: together }, services }));
}

/** Why the rule is left out (and so allows nothing); null when it can be said. */
function ruleProblem(rule: PolicyRule): string | null {
  const { peer } = rule;
  if (peer.kind === 'cidr' && familyOf(peer.cidr) !== rule.family) return `${peer.cidr} is not IPv${rule.family}`;
  if (peer.kind === 'set' && !isObjectId(peer.set)) return `not a plain id: ${JSON.stringify(peer.set)}`;
  return serviceProblem(rule);
}

function listOf<K, V>(map: Map<K, V[]>, key: K): V[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

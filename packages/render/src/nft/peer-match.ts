import type { PolicyRule } from '@manx/hoststate';
import { type Cidr, cidrContains, compareCidrs, type Family, familyOf } from '@manx/ip';
import { prefixText } from './intervals.js';
import { groupSet, prefixSet } from './names.js';

/** Anyone of the family (null), the members of a set (its addresses, or its prefixes), or the addresses of some prefixes, at least one. */
export type RulePeer = { readonly set: string; readonly isPrefixes: boolean } | { readonly cidrs: readonly Cidr[] } | null;

/**
 * The other end of a rule as nft text. Prefixes are one anonymous set (or a bare prefix), disjoint and sorted: an interval set refuses overlaps.
 */
export function peerMatch(rule: Pick<PolicyRule, 'direction' | 'family'>, peer: RulePeer): string {
  if (peer === null) return `meta nfproto ${rule.family === 4 ? 'ipv4' : 'ipv6'}`;
  const field = `${rule.family === 4 ? 'ip' : 'ip6'} ${rule.direction === 'ingress' ? 'saddr' : 'daddr'}`;
  if ('set' in peer) return `${field} @${(peer.isPrefixes ? prefixSet : groupSet)(peer.set, rule.family)}`;
  return `${field} ${anonymousSet(outermost(peer.cidrs).map(prefixText))}`;
}

/** `{ a, b }`, or just `a`. */
export function anonymousSet(items: readonly string[]): string {
  return items.length === 1 ? `${items[0]}` : `{ ${items.join(', ')} }`;
}

/** The prefixes of one family as an anonymous set; null when there is none. */
export function prefixesOf(family: Family, cidrs: readonly Cidr[]): string | null {
  const own = outermost(cidrs.filter((cidr) => familyOf(cidr) === family));
  return own.length === 0 ? null : anonymousSet(own.map(prefixText));
}

/** Sorted, without prefixes that lie in another. */
export function outermost(cidrs: readonly Cidr[]): Cidr[] {
  const kept: Cidr[] = [];
  for (const cidr of [...cidrs].sort(compareCidrs)) {
    const last = kept.at(-1);
    if (last === undefined || !cidrContains(last, cidr)) kept.push(cidr);
  }
  return kept;
}

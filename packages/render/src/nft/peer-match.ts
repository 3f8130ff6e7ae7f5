import type { PolicyRule } from '@manx/hoststate';
import { type Cidr, cidrContains, compareCidrs, type Family, familyOf } from '@manx/ip';
import { prefixText } from './intervals.js';
import { groupSet, prefixSet } from './names.js';

/** The direction and family of a rule: which end is the other one, and how it is written. */
export type RuleSide = Pick<PolicyRule, 'direction' | 'family'>;

/** The address of the other end. */
export function peerField({ direction, family }: RuleSide): string {
  return `${family === 4 ? 'ip' : 'ip6'} ${direction === 'ingress' ? 'saddr' : 'daddr'}`;
}

/** Anyone of the family (null), or the members of a set: its addresses, or its prefixes. */
export function peerMatch(side: RuleSide, peer: { readonly set: string; readonly isPrefixes: boolean } | null): string {
  if (peer === null) return `meta nfproto ${side.family === 4 ? 'ipv4' : 'ipv6'}`;
  return `${peerField(side)} @${(peer.isPrefixes ? prefixSet : groupSet)(peer.set, side.family)}`;
}

/** The prefixes in layers, none within another of its layer: the outermost first. An interval map refuses overlaps. */
export function layersOf(cidrs: Iterable<Cidr>): Cidr[][] {
  const layers: Cidr[][] = [];
  for (const cidr of [...cidrs].sort(compareCidrs)) {
    const layer = layers.find((one) => !one.slice(-1).some((last) => cidrContains(last, cidr)));
    if (layer === undefined) layers.push([cidr]);
    else layer.push(cidr);
  }
  return layers;
}

/** `{ a, b }`, or just `a`. */
function anonymousSet(items: readonly string[]): string {
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

import { isPrefix, type Member } from '@manx/hoststate';
import {
  type Cidr,
  cidrFirst,
  cidrLast,
  type Family,
  familyOf,
  hostCidr,
  type IpRange,
  mergeRanges,
  PrefixTrie,
  prefixLength,
  rangeToCidrs,
  subtractRanges,
} from '@manx/ip';

/** The same addresses as elements of an interval set, as the kernel lists them: disjoint, none adjacent to the next, sorted. */
export function intervals(members: readonly Member[], family: Family): string[] {
  const own = members.filter((member) => familyOf(member) === family);
  const ranges = own.map((member) => (isPrefix(member) ? rangeOf(member) : { first: member, last: member }));
  return rangeTexts(ranges, family);
}

/** Ranges of a family as such elements. */
export function rangeTexts(ranges: readonly IpRange[], family: Family): string[] {
  return mergeRanges(ranges.filter(({ first }) => familyOf(first) === family)).map(rangeText);
}

/** The addresses of prefixes, without those of others that are the same or lie within them; a prefix around one takes nothing of it. */
export function withoutParts(cidrs: readonly Cidr[], parts: ReadonlySet<Cidr>): readonly IpRange[] {
  if (cidrs.length === 0) return [];
  const trie = new PrefixTrie<true>();
  for (const part of parts) trie.set(part, true);
  return cidrs.flatMap((cidr) => {
    const inside = trie.overlapping(cidr).filter((entry) => prefixLength(entry.cidr) >= prefixLength(cidr));
    return subtractRanges(
      rangeOf(cidr),
      inside.map((entry) => rangeOf(entry.cidr)),
    );
  });
}

function rangeOf(cidr: Cidr): IpRange {
  return { first: cidrFirst(cidr), last: cidrLast(cidr) };
}

/** The prefix, without its length where it is one address: so the kernel prints it. */
export function prefixText(cidr: Cidr): string {
  const ip = cidrFirst(cidr);
  return hostCidr(ip) === cidr ? ip : cidr;
}

function rangeText(range: IpRange): string {
  const [cidr, ...more] = rangeToCidrs(range);
  return cidr !== undefined && more.length === 0 ? prefixText(cidr) : `${range.first}-${range.last}`;
}

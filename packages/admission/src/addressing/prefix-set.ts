import { type Cidr, cidrFirst, cidrSize, type Family, familyOf, ipFromValue, ipValue, rangeToCidrs } from '@manx/ip';

/** Addresses of one family as numbers, both ends counted; in a set sorted, disjoint and not adjacent. */
type Span = { readonly first: bigint; readonly last: bigint };

/** The same addresses as the fewest prefixes, in order. All of one family. */
export function compacted(cidrs: readonly Cidr[]): Cidr[] {
  return prefixesOf(cidrs, spansOf(cidrs));
}

/** What is left of the prefixes without the others, as the fewest prefixes, in order. All of one family. */
export function without(cidrs: readonly Cidr[], taken: readonly Cidr[]): Cidr[] {
  const left: Span[] = [];
  const gaps = spansOf(taken);
  let at = 0;
  for (const span of spansOf(cidrs)) {
    let next = span.first;
    while ((gaps[at]?.last ?? span.first) < span.first) at++;
    for (let index = at; index < gaps.length; index++) {
      const gap = gaps[index];
      if (gap === undefined || gap.first > span.last) break;
      if (gap.first > next) left.push({ first: next, last: gap.first - 1n });
      next = gap.last + 1n;
    }
    if (next <= span.last) left.push({ first: next, last: span.last });
  }
  return prefixesOf(cidrs, left);
}

/** Whether every address of the prefixes is one of the others'. All of one family. */
export function isWithin(cidrs: readonly Cidr[], others: readonly Cidr[]): boolean {
  return without(cidrs, others).length === 0;
}

/** Whether the two sets share an address. Nothing of one family is in the other. */
export function intersects(a: readonly Cidr[], b: readonly Cidr[]): boolean {
  const [first] = a;
  if (first === undefined || b.length === 0) return false;
  const family = familyOf(first);
  const same = b.filter((cidr) => familyOf(cidr) === family);
  const spans = [...spansOf(a), ...spansOf(same)].sort((x, y) => (x.first < y.first ? -1 : 1));
  return spans.some((span, at) => at > 0 && span.first <= (spans[at - 1]?.last ?? -1n));
}

function spansOf(cidrs: readonly Cidr[]): Span[] {
  const sorted = cidrs
    .map((cidr): Span => {
      const first = ipValue(cidrFirst(cidr));
      return { first, last: first + cidrSize(cidr) - 1n };
    })
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Span[] = [];
  for (const span of sorted) {
    const before = merged.at(-1);
    if (before === undefined || span.first > before.last + 1n) merged.push(span);
    else if (span.last > before.last) merged[merged.length - 1] = { ...before, last: span.last };
  }
  return merged;
}

function prefixesOf(like: readonly Cidr[], spans: readonly Span[]): Cidr[] {
  const [one] = like;
  if (one === undefined) return [];
  const family: Family = familyOf(one);
  return spans.flatMap(({ first, last }) => rangeToCidrs({ first: ipFromValue(family, first), last: ipFromValue(family, last) }));
}

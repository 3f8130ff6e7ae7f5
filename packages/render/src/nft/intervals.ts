import { isPrefix, type Member } from '@manx/hoststate';
import { type Cidr, cidrFirst, cidrLast, type Family, familyOf, hostCidr, type IpRange, mergeRanges, rangeToCidrs } from '@manx/ip';

/** The same addresses as elements of an interval set, as the kernel lists them: disjoint, none adjacent to the next, sorted. */
export function intervals(members: readonly Member[], family: Family): string[] {
  const own = members.filter((member) => familyOf(member) === family);
  const ranges = own.map((member) =>
    isPrefix(member) ? { first: cidrFirst(member), last: cidrLast(member) } : { first: member, last: member },
  );
  return mergeRanges(ranges).map(rangeText);
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

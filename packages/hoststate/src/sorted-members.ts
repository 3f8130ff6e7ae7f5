import { type Cidr, cidrContains, compareCidrs, compareIps, hostCidr, type Ip } from '@manx/ip';
import type { Member } from './host-state.js';

/** Whether a member is a prefix, not one address. */
export function isPrefix(member: Member): member is Cidr {
  return member.includes('/');
}

/** The member that stands for a prefix: the address where it has but one. */
export function memberOf(cidr: Cidr): Member {
  const ip = cidr.slice(0, cidr.indexOf('/')) as Ip;
  return hostCidr(ip) === cidr ? ip : cidr;
}

/** Addresses first, by `compareIps`; then prefixes, by `compareCidrs`. */
export function compareMembers(a: Member, b: Member): number {
  if (isPrefix(a)) return isPrefix(b) ? compareCidrs(a, b) : 1;
  return isPrefix(b) ? -1 : compareIps(a, b);
}

/** Where the member is, or would be put, in a list sorted by `compareMembers`: log n. */
export function positionOf(members: readonly Member[], member: Member): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareMembers(members[middle] ?? member, member) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a sorted list has exactly this member: log n. */
export function hasMember(members: readonly Member[], member: Member): boolean {
  return members[positionOf(members, member)] === member;
}

/** Whether a sorted list has the address, by itself or in a prefix: log n, and linear in the prefixes. */
export function coversIp(members: readonly Member[], ip: Ip): boolean {
  if (hasMember(members, ip)) return true;
  for (let i = members.length - 1; i >= 0; i--) {
    const member = members[i];
    if (member === undefined || !isPrefix(member)) return false;
    if (cidrContains(member, ip)) return true;
  }
  return false;
}

/** Whether the list is sorted by `compareMembers` and has no member twice. */
export function isSortedMembers(members: readonly Member[]): boolean {
  return members.every((member, index) => {
    const previous = members[index - 1];
    return previous === undefined || compareMembers(previous, member) < 0;
  });
}

/** What a sorted list must gain and lose to become another, both sorted; linear. */
export function diffMembers(
  before: readonly Member[],
  after: readonly Member[],
): { readonly add: readonly Member[]; readonly remove: readonly Member[] } {
  const add: Member[] = [];
  const remove: Member[] = [];
  let b = 0;
  let a = 0;
  while (b < before.length || a < after.length) {
    const old = before[b];
    const fresh = after[a];
    const order = old === undefined ? 1 : fresh === undefined ? -1 : compareMembers(old, fresh);
    if (order < 0 && old !== undefined) remove.push(old);
    if (order > 0 && fresh !== undefined) add.push(fresh);
    if (order <= 0) b++;
    if (order >= 0) a++;
  }
  return { add, remove };
}

import { compareIps, type Ip } from '@manx/ip';

/** Where the address is, or would be put, in a list sorted by `compareIps`: log n. */
export function positionOf(ips: readonly Ip[], ip: Ip): number {
  let low = 0;
  let high = ips.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIps(ips[middle] ?? ip, ip) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a sorted list has the address: log n. */
export function hasIp(ips: readonly Ip[], ip: Ip): boolean {
  return ips[positionOf(ips, ip)] === ip;
}

/** Whether the list is sorted by `compareIps` and has no address twice. */
export function isSortedIps(ips: readonly Ip[]): boolean {
  return ips.every((ip, index) => {
    const previous = ips[index - 1];
    return previous === undefined || compareIps(previous, ip) < 0;
  });
}

/** What a sorted list must gain and lose to become another, both sorted; linear. */
export function diffIps(before: readonly Ip[], after: readonly Ip[]): { readonly add: readonly Ip[]; readonly remove: readonly Ip[] } {
  const add: Ip[] = [];
  const remove: Ip[] = [];
  let b = 0;
  let a = 0;
  while (b < before.length || a < after.length) {
    const old = before[b];
    const fresh = after[a];
    const order = old === undefined ? 1 : fresh === undefined ? -1 : compareIps(old, fresh);
    if (order < 0 && old !== undefined) remove.push(old);
    if (order > 0 && fresh !== undefined) add.push(fresh);
    if (order <= 0) b++;
    if (order >= 0) a++;
  }
  return { add, remove };
}

import type { IfName } from '@manx/hoststate';
import type { LinkPlan, TokenBucket } from '@manx/render';
import type { HostFacts, LimitFact } from './host-facts.js';
import type { Step } from './step.js';

/** The interface that what the guest on a tap sends is led through, to wait there for its turn: `lim` and the rest of the tap's name. */
export function shaperName(tap: IfName): IfName {
  return tap.replace(/^tap/, 'lim') as IfName;
}

/** The tap whose shaper this would be by its name, null for no such name. */
export function tapOfShaper(ifname: IfName): IfName | null {
  return ifname.startsWith('lim') ? (ifname.replace(/^lim/, 'tap') as IfName) : null;
}

const NO_LIMIT: LimitFact = { toGuest: null, fromGuest: null, hasShaper: false, led: 'past' };

/** Limits bandwidth on a tap as planned. A limit that changes is changed where it is: at no moment is there none. */
export function planLimits({ ifname, toGuest, fromGuest }: Pick<LinkPlan, 'ifname' | 'toGuest' | 'fromGuest'>, facts: HostFacts): Step[] {
  const found = facts.limits.get(ifname) ?? NO_LIMIT;
  const isLed = found.led === 'through';
  const steps: Step[] = [];
  if (toGuest === null && found.toGuest !== null) steps.push({ kind: 'unlimit-to-guest', ifname });
  if (toGuest !== null && !isSameBucket(toGuest, found.toGuest)) steps.push({ kind: 'limit-to-guest', ifname, bucket: toGuest });
  if (fromGuest === null && (found.hasShaper || found.led !== 'past')) steps.push({ kind: 'unlimit-from-guest', ifname });
  if (fromGuest !== null && !(isLed && isSameBucket(fromGuest, found.fromGuest)))
    steps.push({ kind: 'limit-from-guest', ifname, bucket: fromGuest, isLed });
  return steps;
}

/** Takes away what limits taps that are not, or no longer, planned: whatever is ours. */
export function releaseLimits(kept: ReadonlySet<IfName> | ReadonlyMap<IfName, unknown>, facts: HostFacts): Step[] {
  return [...facts.limits.keys()]
    .filter((ifname) => !kept.has(ifname))
    .sort()
    .flatMap((ifname) => planLimits({ ifname, toGuest: null, fromGuest: null }, facts));
}

/** The kernel keeps the size of a bucket as a time, rounded: it reads back as nearly the same. */
const BURST_TOLERANCE = 0.001;

function isSameBucket(wanted: TokenBucket, found: TokenBucket | null): boolean {
  if (found === null || wanted.rate !== found.rate || wanted.queue !== found.queue) return false;
  return Math.abs(wanted.burst - found.burst) <= Math.max(2, wanted.burst * BURST_TOLERANCE);
}

import type { IfName } from '@manx/hoststate';
import type { HostFacts } from '@manx/reconcile';

/** The taps that are there and up. */
export const upTaps = (links: HostFacts['links']): ReadonlySet<IfName> =>
  new Set([...links].flatMap(([ifname, { isUp }]) => (isUp ? [ifname] : [])));

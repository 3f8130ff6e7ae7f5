import type { IfName } from '@manx/hoststate';
import type { HostFacts } from './host-facts.js';

/**
 * The taps that an earlier apply, by this agent or one before it, made ours: those in the kernel's own set of known
 * taps, and those with a route of ours. Sorted. A tap that is none of these may be somebody else's.
 */
export function adoptedTaps(facts: HostFacts): IfName[] {
  const inet = facts.tables.find(({ family }) => family === 'inet');
  const known = [...(inet?.sets.get('taps')?.elements ?? [])].map((element) => element.replaceAll('"', '') as IfName);
  const routed = facts.routes.flatMap(({ hops }) => hops.flatMap(({ dev }) => (dev === null ? [] : [dev])));
  return [...new Set([...known, ...routed])].filter((ifname) => facts.links.has(ifname)).sort();
}

import type { IfName } from '@manx/hoststate';
import { familyOf } from '@manx/ip';
import { type HostPlan, type NeighbourPlan, neighbourKey, type RoutePlan, routeKey } from '@manx/render';
import type { HostFacts } from './host-facts.js';
import { losesV4 } from './plan-link.js';
import type { Step } from './step.js';

/** Steps that take reachability away, to be done first, and those that give it, to be done last. */
export type Phases = { readonly deletes: readonly Step[]; readonly sets: readonly Step[] };

/**
 * Routes of ours. One that only moves to another tap is replaced in place, without a gap; a route is wanted only while
 * its tap is there and up.
 */
export function planRoutes(plan: HostPlan, facts: HostFacts): Phases {
  const wanted = new Map([...plan.routes].filter(([, { dev }]) => facts.links.get(dev)?.isUp === true));
  const losing = losingV4(plan, facts);
  const isLost = ({ dev, destination }: RoutePlan): boolean => losing.has(dev) && familyOf(destination) === 4;
  const right = new Set(facts.routes.filter((fact) => wanted.get(routeKey(fact))?.dev === fact.dev).map(routeKey));
  const deletes = facts.routes.filter((fact) => {
    const want = wanted.get(routeKey(fact));
    if (want === undefined) return true;
    return fact.dev !== want.dev && (fact.dev === null || right.has(routeKey(fact)));
  });
  return {
    deletes: deletes.map((route) => ({ kind: 'delete-route', route })),
    sets: [...wanted].filter(([key, route]) => !right.has(key) || isLost(route)).map(([, route]) => ({ kind: 'set-route', route })),
  };
}

/** Permanent neighbour entries on taps that are there and up; on our own taps every other permanent entry goes. */
export function planNeighbours(plan: HostPlan, facts: HostFacts, ours: ReadonlySet<IfName>): Phases {
  const found = new Map(facts.neighbours.map((fact) => [neighbourKey(fact), fact.mac]));
  const deletes = facts.neighbours.filter((fact) => ours.has(fact.dev) && !plan.neighbours.has(neighbourKey(fact)));
  const losing = losingV4(plan, facts);
  const isLost = ({ dev, ip }: NeighbourPlan): boolean => losing.has(dev) && familyOf(ip) === 4;
  const sets = [...plan.neighbours].filter(
    ([key, want]) => facts.links.get(want.dev)?.isUp === true && (found.get(key) !== want.mac || isLost(want)),
  );
  return {
    deletes: deletes.map((neighbour) => ({ kind: 'delete-neighbour', neighbour })),
    sets: sets.map(([, neighbour]) => ({ kind: 'set-neighbour', neighbour })),
  };
}

function losingV4(plan: HostPlan, facts: HostFacts): Set<IfName> {
  return new Set([...plan.links.values()].filter((link) => losesV4(link, facts)).map(({ ifname }) => ifname));
}

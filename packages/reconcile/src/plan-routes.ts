import type { IfName } from '@manx/hoststate';
import { familyOf } from '@manx/ip';
import { type HostPlan, type NeighbourPlan, neighbourKey, type RoutePlan, routeKey } from '@manx/render';
import type { HostFacts, RouteFact } from './host-facts.js';
import { losesV4 } from './plan-link.js';
import type { Step } from './step.js';

/** Steps that take reachability away, to be done first, and those that give it, to be done last. */
export type Phases = { readonly deletes: readonly Step[]; readonly sets: readonly Step[] };

/** And those that take away what has just been given in another way: after it, so that there is no gap. */
export type RoutePhases = Phases & { readonly replaced: readonly Step[] };

/**
 * Routes of ours. One that only moves to other taps is replaced in place, without a gap, and one that gets another metric goes when the new
 * one stands; a way is wanted only while
 * its tap is there and up, and a route while it has one.
 */
export function planRoutes(plan: HostPlan, facts: HostFacts): RoutePhases {
  const wanted = new Map([...plan.routes].flatMap(([key, route]) => usable(route, facts).map((one) => [key, one] as const)));
  const losing = losingV4(plan, facts);
  const isLost = ({ hops, destination }: RoutePlan): boolean => familyOf(destination) === 4 && hops.some(({ dev }) => losing.has(dev));
  const isWanted = (fact: RouteFact): boolean => {
    const want = wanted.get(routeKey(fact));
    return want !== undefined && isSameRoute(fact, want);
  };
  const right = new Set(facts.routes.filter(isWanted).map(routeKey));
  const deletes = facts.routes.filter((fact) => {
    if (!wanted.has(routeKey(fact))) return true;
    return !isWanted(fact) && (fact.hops.every(({ dev }) => dev === null) || right.has(routeKey(fact)));
  });
  const destinations = new Set([...wanted.values()].map(({ destination }) => destination));
  const isReplaced = (fact: RouteFact): boolean => !wanted.has(routeKey(fact)) && destinations.has(fact.destination);
  const asSteps = (facts: readonly RouteFact[]): Step[] => facts.map((route) => ({ kind: 'delete-route', route }));
  return {
    deletes: asSteps(deletes.filter((fact) => !isReplaced(fact))),
    replaced: asSteps(deletes.filter(isReplaced)),
    sets: [...wanted].filter(([key, route]) => !right.has(key) || isLost(route)).map(([, route]) => ({ kind: 'set-route', route })),
  };
}

/** Whether two routes to the same destination go the same ways. */
export function isSameRoute(a: Pick<RouteFact, 'hops'>, b: Pick<RouteFact, 'hops'>): boolean {
  if (a.hops.length !== b.hops.length) return false;
  return a.hops.every((hop) => b.hops.some(({ dev, via }) => dev === hop.dev && via === hop.via));
}

/** The route with the ways that the kernel would take; none when it has none, unless it is to go nowhere. */
function usable(route: RoutePlan, facts: HostFacts): readonly RoutePlan[] {
  if (route.hops.length === 0) return [route];
  const hops = route.hops.filter(({ dev }) => facts.links.get(dev)?.isUp === true);
  if (hops.length === 0) return [];
  return [hops.length === route.hops.length ? route : { ...route, hops }];
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

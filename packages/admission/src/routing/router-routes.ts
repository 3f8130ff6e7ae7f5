import { type Cidr, cidrContains, type Ip } from '@manx/ip';
import { type Attributes, type ExtraRoute, isProblem, type Port, type Problem, problem, type Router, type StateReader } from '@manx/model';
import type { ActionResult } from '../rules.js';
import type { Work } from '../work.js';
import { subnetsOf } from './connections.js';

/** Neutron's `max_routes`. */
const MAX_ROUTES = 30;

/** Hosts and the fabric route by destination alone: what one tenant sends cannot be led by way of an instance, and what others send must not be. */
const NOT_VIA_INSTANCES =
  'the nexthop is an instance: traffic is routed by its destination alone; give the instance an allowed address pair instead';

/** Where next hops may lie, and the router's own addresses, which none may be. */
export type NextHops = { readonly cidrs: readonly Cidr[]; readonly own: readonly Ip[] };

/** Whether every next hop lies in a subnet of the router, and is another's address. */
export function checkNextHops(router: Router, routes: readonly ExtraRoute[], { cidrs, own }: NextHops): Problem | null {
  if (routes.length > MAX_ROUTES) return problem('RoutesExhausted', { router_id: router.id, quota: MAX_ROUTES });
  for (const { nexthop } of routes) {
    const isConnected = cidrs.some((cidr) => cidrContains(cidr, nexthop));
    if (!isConnected) return invalid(routes, 'the nexthop is not connected with router');
    if (own.includes(nexthop)) return invalid(routes, 'the nexthop is used by router');
  }
  return null;
}

/** Whether the router as it is can have these routes. */
export function checkRoutes(state: StateReader, router: Router, routes: readonly ExtraRoute[]): Problem | null {
  const viaInstance = routes.find(({ nexthop }) => isInstance(state.holderOf(nexthop)));
  if (viaInstance !== undefined) return invalid(routes, NOT_VIA_INSTANCES);
  const ports = state.by('port.device_id', router.id);
  return checkNextHops(router, routes, {
    cidrs: ports.flatMap((port) => subnetsOf(state, port)).map(({ cidr }) => cidr),
    own: ports.flatMap((port) => port.fixed_ips.map(({ ip_address }) => ip_address)),
  });
}

/** Adds routes to a router's; one that it has already stays one. */
export function addExtraRoutes(work: Work, router: Router, values: Attributes): ActionResult | Problem {
  const added = (values['routes'] as readonly ExtraRoute[]).filter((route) => !router.routes.some((other) => isSame(route, other)));
  return replaceRoutes(work, router, [...router.routes, ...added]);
}

/** Takes routes away from a router's; one that it has not is passed over. */
export function removeExtraRoutes(work: Work, router: Router, values: Attributes): ActionResult | Problem {
  const removed = values['routes'] as readonly ExtraRoute[];
  return replaceRoutes(
    work,
    router,
    router.routes.filter((route) => !removed.some((other) => isSame(route, other))),
  );
}

function replaceRoutes(work: Work, router: Router, routes: readonly ExtraRoute[]): ActionResult | Problem {
  const refused = checkRoutes(work.state, router, routes);
  if (isProblem(refused)) return refused;
  work.update('router', router, { routes });
  return { answer: null };
}

function isSame(a: ExtraRoute, b: ExtraRoute): boolean {
  return a.destination === b.destination && a.nexthop === b.nexthop;
}

function isInstance(holder: Port | undefined): boolean {
  return holder !== undefined && !holder.device_owner.startsWith('network:');
}

function invalid(routes: readonly ExtraRoute[], reason: string): Problem {
  return problem('InvalidRoutes', { routes: JSON.stringify(routes), reason });
}

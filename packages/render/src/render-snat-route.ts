import { hostCidr } from '@manx/ip';
import type { RoutePlan } from './host-plan.js';
import { remember } from './remember.js';
import { type RenderedRoutes, routeKey } from './render-routes.js';
import { MANX_ROUTE_METRIC } from './route-identity.js';
import type { RenderSettings } from './settings.js';

/**
 * The routes, and one for the host's address for source NAT, which goes nowhere: by it BGP announces the address, and what comes for it and
 * is no answer is dropped. Where an endpoint has the address that is a problem, and the endpoint keeps it.
 */
export function withSnatRoute(rendered: RenderedRoutes, settings: RenderSettings): RenderedRoutes {
  const route = snatRoute(settings);
  if (route === null) return rendered;
  const key = routeKey(route);
  if (!rendered.routes.has(key)) return { ...rendered, routes: withRoute(rendered.routes).set(key, route) };
  const detail = `an endpoint has ${route.destination}, which is to be this host's address for source NAT`;
  return { ...rendered, problems: [...rendered.problems, { code: 'address_taken', subject: 'host_snat', detail }] };
}

const snatRoute = remember(({ hostSnat }: RenderSettings): RoutePlan | null =>
  hostSnat === undefined ? null : { destination: hostCidr(hostSnat), hops: [], metric: MANX_ROUTE_METRIC },
);

/** A copy for one route more: the same copy for the same routes. */
const withRoute = remember((routes: RenderedRoutes['routes']) => new Map(routes));

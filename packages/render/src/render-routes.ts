import type { Endpoint } from '@manx/hoststate';
import { hostCidr } from '@manx/ip';
import type { NeighbourPlan, RenderProblem, RoutePlan } from './host-plan.js';
import { remember } from './remember.js';
import { MANX_ROUTE_METRIC } from './route-identity.js';

/** Where packets for the endpoints go: routes, who answers there, and addresses that two endpoints claim. */
export type RenderedRoutes = {
  readonly routes: ReadonlyMap<string, RoutePlan>;
  readonly neighbours: ReadonlyMap<string, NeighbourPlan>;
  readonly problems: readonly RenderProblem[];
};

type EndpointRoutes = { readonly routes: readonly RoutePlan[]; readonly neighbours: readonly NeighbourPlan[] };

/** The key of a route in a plan: destination and metric. */
export const routeKey = (route: Pick<RoutePlan, 'destination' | 'metric'>): string => `${route.destination} ${route.metric}`;

/** The key of a neighbour entry in a plan: interface and address. */
export const neighbourKey = (neighbour: Pick<NeighbourPlan, 'dev' | 'ip'>): string => `${neighbour.dev} ${neighbour.ip}`;

/**
 * A /32 or /128 and a permanent neighbour entry for every fixed IP. Of two endpoints with one address the first by id
 * has it, and the other is a problem (S12).
 */
export const renderRoutes = remember((endpoints: readonly Endpoint[]): RenderedRoutes => {
  const routes = new Map<string, RoutePlan>();
  const neighbours = new Map<string, NeighbourPlan>();
  const problems: RenderProblem[] = [];
  for (const endpoint of endpoints) {
    const own = endpointRoutes(endpoint);
    for (const route of own.routes) {
      const key = routeKey(route);
      const holder = routes.get(key);
      if (holder === undefined) routes.set(key, route);
      else if (holder.dev !== route.dev) {
        problems.push({ code: 'address_taken', subject: endpoint.id, detail: `${route.destination} is already on ${holder.dev}` });
      }
    }
    for (const neighbour of own.neighbours) neighbours.set(neighbourKey(neighbour), neighbour);
  }
  return { routes, neighbours, problems };
});

const endpointRoutes = remember(
  ({ ifname: dev, mac, addresses }: Endpoint): EndpointRoutes => ({
    routes: addresses.map(({ ip }) => ({ destination: hostCidr(ip), dev, metric: MANX_ROUTE_METRIC })),
    neighbours: addresses.map(({ ip }) => ({ ip, mac, dev })),
  }),
);

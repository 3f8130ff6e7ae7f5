import { type Endpoint, isSilent } from '@manx/hoststate';
import { type Cidr, cidrContains, cidrFirst, familyOf, hostCidr, type Ip, linkLocalFor, type Mac, prefixLength } from '@manx/ip';
import type { NeighbourPlan, RenderProblem, RouteHop, RoutePlan } from './host-plan.js';
import { remember } from './remember.js';
import { ARRIVED_ROUTE_METRIC, MANX_ROUTE_METRIC } from './route-identity.js';

/** Where packets for the endpoints go: routes, who answers there, and addresses that two endpoints claim. */
export type RenderedRoutes = {
  readonly routes: ReadonlyMap<string, RoutePlan>;
  readonly neighbours: ReadonlyMap<string, NeighbourPlan>;
  readonly problems: readonly RenderProblem[];
};

type EndpointRoutes = { readonly routes: readonly RoutePlan[]; readonly neighbours: readonly NeighbourPlan[] };

/** One holder of a pair, and the MAC that packets to it get. */
type Holder = { readonly endpoint: Endpoint; readonly mac: Mac };

/** The key of a route in a plan: destination and metric. */
export const routeKey = (route: Pick<RoutePlan, 'destination' | 'metric'>): string => `${route.destination} ${route.metric}`;

/** The key of a neighbour entry in a plan: interface and address. */
export const neighbourKey = (neighbour: Pick<NeighbourPlan, 'dev' | 'ip'>): string => `${neighbour.dev} ${neighbour.ip}`;

/**
 * A /32 or /128 and a permanent neighbour entry for every fixed IP, a /32 for every floating IP, and for every routed pair a route
 * to all of its holders here (S8), or to the one that has claimed it (S9). No route leads to what is silent, which may come here or has left;
 * one that has just come has a better metric. Of two endpoints with one address of their own the first by id has it, and the other is a
 * problem (S12); a pair never takes an address from whose own it is.
 */
export const renderRoutes = remember((endpoints: readonly Endpoint[]): RenderedRoutes => {
  const routes = new Map<string, RoutePlan>();
  const neighbours = new Map<string, NeighbourPlan>();
  const problems: RenderProblem[] = [];
  for (const endpoint of endpoints) {
    const own = endpointRoutes(endpoint);
    for (const route of own.routes) {
      const key = routeKey(route);
      const holder = routes.get(key)?.hops[0]?.dev;
      if (holder === undefined) routes.set(key, route);
      else if (holder !== endpoint.ifname) {
        problems.push({ code: 'address_taken', subject: endpoint.id, detail: `${route.destination} is already on ${holder}` });
      }
    }
    for (const neighbour of own.neighbours) neighbours.set(neighbourKey(neighbour), neighbour);
  }
  for (const [cidr, holders] of [...claimHolders(endpoints), ...pairHolders(endpoints)]) {
    const shared = pairRoute(cidr, holders);
    const key = routeKey(shared.route);
    if (routes.has(key)) continue;
    routes.set(key, shared.route);
    for (const neighbour of shared.neighbours) neighbours.set(neighbourKey(neighbour), neighbour);
  }
  return { routes, neighbours, problems };
});

const endpointRoutes = remember((endpoint: Endpoint): EndpointRoutes => {
  const { ifname: dev, mac, addresses, floating, forwards } = endpoint;
  const asked = isSilent(endpoint) ? [] : new Set([...addresses, ...floating, ...forwards].map(({ ip }) => ip));
  return {
    routes: [...asked].map((ip) => ({ destination: hostCidr(ip), hops: [{ dev, via: null }], metric: metricOf([endpoint]) })),
    neighbours: addresses.map(({ ip }) => ({ ip, mac, dev })),
  };
});

/** The routed pairs, and the holders of each by interface. Of an endpoint that has a pair with several MACs its own counts, else the first. */
function pairHolders(endpoints: readonly Endpoint[]): ReadonlyMap<Cidr, readonly Holder[]> {
  const holders = new Map<Cidr, Map<string, Holder>>();
  for (const endpoint of endpoints.filter((one) => !isSilent(one))) {
    for (const { cidr, mac, isRouted, isYielded } of endpoint.pairs) {
      if (!isRouted || isYielded) continue;
      const ofPair = holders.get(cidr) ?? new Map<string, Holder>();
      if (!ofPair.has(endpoint.ifname) || mac === endpoint.mac) ofPair.set(endpoint.ifname, { endpoint, mac });
      holders.set(cidr, ofPair);
    }
  }
  const byName = (a: Holder, b: Holder): number => (a.endpoint.ifname < b.endpoint.ifname ? -1 : 1);
  return new Map([...holders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([cidr, ofPair]) => [cidr, [...ofPair.values()].sort(byName)]));
}

/** The claimed addresses, each with the one that has claimed it, the first by id: packets get the MAC of its longest pair around it. */
function claimHolders(endpoints: readonly Endpoint[]): ReadonlyMap<Cidr, readonly Holder[]> {
  const holders = new Map<Cidr, readonly Holder[]>();
  for (const endpoint of endpoints.filter((one) => !isSilent(one))) {
    for (const ip of endpoint.claims) if (!holders.has(hostCidr(ip))) holders.set(hostCidr(ip), [{ endpoint, mac: macFor(endpoint, ip) }]);
  }
  return holders;
}

function macFor({ pairs, mac: own }: Endpoint, ip: Ip): Mac {
  const around = pairs.filter(({ cidr }) => cidrContains(cidr, ip));
  const longest = Math.max(...around.map(({ cidr }) => prefixLength(cidr)));
  const macs = around.filter(({ cidr }) => prefixLength(cidr) === longest).map(({ mac }) => mac);
  return macs.includes(own) ? own : (macs[0] ?? own);
}

function pairRoute(
  destination: Cidr,
  holders: readonly Holder[],
): { readonly route: RoutePlan; readonly neighbours: readonly NeighbourPlan[] } {
  const ip = cidrFirst(destination);
  const isSingle = hostCidr(ip) === destination;
  // IPv6 takes no interface alone as one of several ways ("Device only routes can not be added", net/ipv6/route.c).
  const isDirect = isSingle && (familyOf(ip) === 4 || holders.length === 1);
  const hops = holders.map(({ endpoint: { ifname: dev }, mac }): RouteHop => ({ dev, via: isDirect ? null : linkLocalFor(mac) }));
  const neighbours = holders.flatMap(({ endpoint: { ifname: dev }, mac }) => [
    ...(isSingle ? [{ ip, mac, dev }] : []),
    ...(isDirect ? [] : [{ ip: linkLocalFor(mac), mac, dev }]),
  ]);
  return { route: { destination, hops, metric: metricOf(holders.map(({ endpoint }) => endpoint)) }, neighbours };
}

function metricOf(endpoints: readonly Endpoint[]): number {
  return endpoints.every(({ phase }) => phase === 'arrived') ? ARRIVED_ROUTE_METRIC : MANX_ROUTE_METRIC;
}

import {
  type ExtraRoute,
  type FixedIpWish,
  type GatewayWish,
  isProblem,
  type Network,
  type Port,
  type Problem,
  problem,
  type Router,
} from '@manx/model';
import { networkFor } from '../authority.js';
import { changedAddresses } from '../fixed-ips.js';
import { endPort } from '../port-release.js';
import type { Work } from '../work.js';
import { checkConnections, interfacesOf, subnetsOf } from './connections.js';
import { createNetworkPort, ROUTER_GATEWAY } from './network-port.js';
import { checkNextHops } from './router-routes.js';

/** What a router is to have: a gateway or none (null), and which routes are to lead on then. */
export type GatewayChange = { readonly wish: GatewayWish | null; readonly routes: readonly ExtraRoute[] };

/** Gives a router the gateway that was asked for, changes it, or takes it away; the router as it is then, its routes as they were. */
export function setGateway(work: Work, router: Router, { wish, routes }: GatewayChange): Router | Problem {
  const network = wish === null ? null : externalNetwork(work, wish);
  if (isProblem(network)) return network;
  const misled = checkRoutes(work, router, { network, routes });
  if (misled !== null) return misled;
  if (wish === null || network === null) return clearGateway(work, router);
  const current = router.gateway?.network_id === network.id ? work.state.get('port', router.gateway.port_id) : undefined;
  if (current === undefined) return newGateway(work, router, { network, wish });
  const moved = movePort(work, current, { network, wishes: wish.external_fixed_ips ?? [] });
  if (isProblem(moved)) return moved;
  if (moved !== current) work.touch('router', router.id);
  return withGateway(work, work.state.get('router', router.id) ?? router, { network, port: moved, wish });
}

/** Takes the gateway away, unless floating IPs need it. */
export function clearGateway(work: Work, router: Router): Router | Problem {
  const { gateway } = router;
  if (gateway === null) return router;
  const isNeeded = work.state
    .by('floatingip.router_id', router.id)
    .some((floatingIp) => floatingIp.floating_network_id === gateway.network_id);
  if (isNeeded) return problem('RouterExternalGatewayInUseByFloatingIp', { router_id: router.id, net_id: gateway.network_id });
  const port = work.state.get('port', gateway.port_id);
  if (port !== undefined) endPort(work, port);
  return work.update('router', router, { gateway: null });
}

type NewGateway = { readonly network: Network; readonly wish: GatewayWish };

function newGateway(work: Work, router: Router, { network, wish }: NewGateway): Router | Problem {
  const cleared = clearGateway(work, router);
  if (isProblem(cleared)) return cleared;
  const refused = checkConnections(work.state, cleared, work.state.by('subnet.network_id', network.id));
  if (refused !== null) return refused;
  const wishes = wish.external_fixed_ips ?? [];
  const port = createNetworkPort(work, {
    network,
    project_id: '',
    device_owner: ROUTER_GATEWAY,
    device_id: router.id,
    fixed_ips: wishes.length === 0 ? undefined : wishes,
  });
  return isProblem(port) ? port : withGateway(work, cleared, { network, port, wish });
}

function withGateway(work: Work, router: Router, { network, port, wish }: NewGateway & { readonly port: Port }): Router {
  const gateway = { network_id: network.id, port_id: port.id, enable_snat: wish.enable_snat ?? true };
  return work.update('router', router, { gateway });
}

/** The network, which the actor must see and which must be external; the gateway's addresses must not be those of its own next hops. */
function externalNetwork(work: Work, wish: GatewayWish): Network | Problem {
  const network = networkFor(work, wish.network_id);
  if (isProblem(network)) return network;
  const refused = (msg: string): Problem => problem('BadRequest', { resource: 'router', msg });
  if (!network['router:external']) return refused(`Network ${network.id} is not an external network`);
  const gateways = new Set(work.state.by('subnet.network_id', network.id).map(({ gateway_ip }) => gateway_ip));
  const own = wish.external_fixed_ips?.find(({ ip_address: ip }) => ip !== undefined && gateways.has(ip));
  return own === undefined ? network : refused(`External IP ${own.ip_address} is the same as the gateway IP`);
}

/** The port with the addresses that are asked for; as it is when none are, or it has just these. */
function movePort(work: Work, port: Port, { network, wishes }: { network: Network; wishes: readonly FixedIpWish[] }): Port | Problem {
  if (wishes.length === 0) return port;
  const holder = { id: port.id, held: port.fixed_ips, mac: port.mac_address, device_owner: port.device_owner, network };
  const fixedIps = changedAddresses(work, holder, wishes);
  return isProblem(fixedIps) ? fixedIps : work.update('port', port, { fixed_ips: fixedIps });
}

/** The routes must lead on after the gateway is another. */
function checkRoutes(
  work: Work,
  router: Router,
  { network, routes }: { readonly network: Network | null; readonly routes: readonly ExtraRoute[] },
): Problem | null {
  const interfaces = interfacesOf(work.state, router.id);
  const inner = interfaces.flatMap((port) => subnetsOf(work.state, port));
  const outer = network === null ? [] : work.state.by('subnet.network_id', network.id);
  return checkNextHops(router, routes, {
    cidrs: [...inner, ...outer].map(({ cidr }) => cidr),
    own: interfaces.flatMap((port) => port.fixed_ips.map(({ ip_address }) => ip_address)),
  });
}

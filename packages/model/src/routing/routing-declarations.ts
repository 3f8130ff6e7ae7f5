import type { Declaration } from '../declaration.js';
import { type FloatingIp, floatingIpDeclaration } from './floating-ip.js';
import { type PortForwarding, portForwardingDeclaration } from './port-forwarding.js';
import { type Router, routerDeclaration } from './router.js';

/** The kinds of this folder. */
export type RoutingResources = {
  router: Router;
  floatingip: FloatingIp;
  port_forwarding: PortForwarding;
};

/** Their declarations, by kind. */
export const ROUTING_DECLARATIONS: { readonly [K in keyof RoutingResources]: Declaration<K> } = {
  router: routerDeclaration,
  floatingip: floatingIpDeclaration,
  port_forwarding: portForwardingDeclaration,
};

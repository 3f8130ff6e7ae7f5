import type { ActionRules, KindRules } from '../rules.js';
import { createFloatingIp, deleteFloatingIp, updateFloatingIp } from './floating-ip.js';
import { createPortForwarding, deletePortForwarding, updatePortForwarding } from './port-forwarding.js';
import { removeRouterInterface } from './remove-router-interface.js';
import { createRouter, deleteRouter, updateRouter } from './router.js';
import { addRouterInterface } from './router-interface.js';
import { addExtraRoutes, removeExtraRoutes } from './router-routes.js';

/** What may happen to the kinds of this folder. */
export const ROUTING_RULES = {
  router: { create: createRouter, update: updateRouter, remove: deleteRouter },
  floatingip: { create: createFloatingIp, update: updateFloatingIp, remove: deleteFloatingIp },
  port_forwarding: { create: createPortForwarding, update: updatePortForwarding, remove: deletePortForwarding },
} as const satisfies { readonly [kind: string]: KindRules };

/** What each of this folder's actions does, by name. */
export const ROUTING_ACTION_RULES: ActionRules = {
  add_router_interface: addRouterInterface,
  remove_router_interface: removeRouterInterface,
  add_extraroutes: addExtraRoutes,
  remove_extraroutes: removeExtraRoutes,
};

import { AVAILABILITY_ZONE, isProblem, type Problem, problem, type Router, type RouterDraft, type RouterUpdate } from '@manx/model';
import { dropTopologyRouter } from '../addressing/drop-topology.js';
import { ensureDefaultGroup } from '../default-group.js';
import type { Work } from '../work.js';
import { interfacesOf } from './connections.js';
import { clearGateway, setGateway } from './router-gateway.js';
import { checkRoutes } from './router-routes.js';

/** Makes a router, with its gateway when it is asked for one. */
export function createRouter(work: Work, draft: RouterDraft): Router | Problem {
  const { project_id, name, description, admin_state_up, availability_zone_hints } = draft;
  const unzoned = checkZones(availability_zone_hints);
  if (unzoned !== null) return unzoned;
  ensureDefaultGroup(work, project_id);
  const router = work.create('router', {
    project_id,
    name,
    description,
    admin_state_up,
    status: 'ACTIVE',
    gateway: null,
    routes: [],
    availability_zone_hints,
    flavor_id: null,
  });
  return draft.external_gateway_info === null ? router : setGateway(work, router, { wish: draft.external_gateway_info, routes: [] });
}

/** Changes a router; routes are judged after the gateway. */
export function updateRouter(work: Work, router: Router, values: RouterUpdate): Router | Problem {
  const { external_gateway_info: wish, distributed, name, description, admin_state_up, routes } = values;
  if (distributed === true && (admin_state_up ?? router.admin_state_up)) return activeRouter();
  const gated = wish === undefined ? router : setGateway(work, router, { wish, routes: routes ?? router.routes });
  if (isProblem(gated)) return gated;
  const refused = routes === undefined ? null : checkRoutes(work.state, gated, routes);
  if (refused !== null) return refused;
  return work.update('router', gated, {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(admin_state_up === undefined ? {} : { admin_state_up }),
    ...(routes === undefined ? {} : { routes }),
  });
}

/** Deletes a router without interfaces, and its gateway with it. */
export function deleteRouter(work: Work, router: Router): Problem | null {
  const interfaces = interfacesOf(work.state, router.id).map(({ id }) => id);
  if (interfaces.length > 0) {
    return problem('RouterInUse', { router_id: router.id, reason: `has ports still attached: ${interfaces.sort().join(', ')}` });
  }
  const cleared = clearGateway(work, router);
  if (isProblem(cleared)) return cleared;
  dropTopologyRouter(work, router.id);
  work.delete('router', router.id);
  return null;
}

/** `router-admin-state-down-before-update`, in Neutron's words. */
function activeRouter(): Problem {
  const msg = "Cannot change the 'distributed' attribute of active routers. Please set router admin_state_up to False prior to upgrade";
  return problem('BadRequest', { resource: 'router', msg });
}

/** There is one zone, and every router is in it. */
function checkZones(hints: readonly string[]): Problem | null {
  const unknown = hints.find((zone) => zone !== AVAILABILITY_ZONE);
  return unknown === undefined ? null : problem('AvailabilityZoneNotFound', { availability_zone: unknown });
}

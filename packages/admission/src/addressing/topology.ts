import {
  type Attributes,
  type AutoAllocatedTopology,
  decodeCreate,
  isProblem,
  type Network,
  type Problem,
  problem,
  type Resource,
  type ResourceKind,
  type Router,
  type SubnetPool,
} from '@manx/model';
import { disallowed } from '../authority.js';
import { createNetwork, deleteNetwork } from '../network.js';
import { interfacesOf, subnetsOf } from '../routing/connections.js';
import { removeRouterInterface } from '../routing/remove-router-interface.js';
import { createRouter, deleteRouter } from '../routing/router.js';
import { addRouterInterface } from '../routing/router-interface.js';
import { createSubnet } from '../subnet.js';
import type { Work } from '../work.js';

/** Why a project cannot have a ready-made topology, if it cannot: there is no default external network, or no default pool. */
export function checkTopology(work: Work, project: string): Problem | null {
  const refused = mayHave(work, project, 'get_auto_allocated_topology');
  if (refused !== null) return refused;
  if (defaultNetwork(work) === undefined) return failed('No default router:external network');
  return defaultPools(work).length === 0 ? failed('No default subnetpools defined') : null;
}

/** The project's ready-made topology, made when there is none: a network, a subnet of each default pool, a router to the outside. */
export function allocateTopology(work: Work, project: string): string[] | Problem {
  const refused = mayHave(work, project, 'get_auto_allocated_topology');
  if (refused !== null) return refused;
  if (work.state.get('auto_allocated_topology', project) !== undefined) return [project];
  const external = defaultNetwork(work);
  if (external === undefined) return failed('No default router:external network');
  const network = provideNetwork(work, project);
  if (network === null) return failed('Unable to provide tenant private network');
  const router = provideRouter(work, network, external);
  if (router === null) return failed('Unable to provide external connectivity');
  work.create('auto_allocated_topology', {
    id: project,
    project_id: project,
    description: '',
    network_id: network.id,
    router_id: router.id,
  });
  return [project];
}

/** Ends the project's ready-made topology, if it has one, and everything that was made for it. */
export function removeTopology(work: Work, project: string): string[] | Problem {
  const refused = mayHave(work, project, 'delete_auto_allocated_topology');
  if (refused !== null) return refused;
  const topology = work.state.get('auto_allocated_topology', project);
  if (topology === undefined) return [project];
  const stuck = endRouter(work, topology) ?? endNetwork(work, topology);
  if (stuck !== null) return stuck;
  work.delete('auto_allocated_topology', project);
  return [project];
}

function provideNetwork(work: Work, project: string): Network | null {
  const made = make(work, 'network', { name: 'auto_allocated_network', project_id: project }, createNetwork);
  if (made === null || defaultPools(work).length === 0) return null;
  for (const pool of defaultPools(work)) {
    const { ip_version, id: subnetpool_id } = pool;
    const body = { name: `auto_allocated_subnet_v${ip_version}`, network_id: made.id, ip_version, subnetpool_id, project_id: project };
    if (make(work, 'subnet', body, createSubnet) === null) return null;
  }
  return made as Network;
}

function provideRouter(work: Work, network: Network, external: Network): Router | null {
  const body = { name: 'auto_allocated_router', external_gateway_info: { network_id: external.id }, project_id: network.project_id };
  const router = make(work, 'router', body, createRouter) as Router | null;
  if (router === null) return null;
  for (const { id } of work.state.by('subnet.network_id', network.id)) {
    const current = work.state.get('router', router.id);
    if (current === undefined || isProblem(addRouterInterface(work, current, { subnet_id: id }))) return null;
  }
  return router;
}

/** Makes one as if it were asked for, without asking the policy or counting quotas, as Neutron's own service does; null when refused. */
function make(work: Work, kind: ResourceKind, body: Attributes, create: (work: Work, draft: never) => Resource | Problem): Resource | null {
  // What is asked for on the project's behalf is asked for by an administrator where the project is another's.
  const decoded = decodeCreate(kind, { [kind]: body }, work.actor);
  const [item] = isProblem(decoded) ? [] : decoded.items;
  const made = item === undefined ? null : create(work, item as never);
  return isProblem(made) ? null : made;
}

function endRouter(work: Work, { router_id }: AutoAllocatedTopology): Problem | null {
  const router = router_id === null ? undefined : work.state.get('router', router_id);
  if (router === undefined) return null;
  for (const port of interfacesOf(work.state, router.id)) {
    for (const { id } of subnetsOf(work.state, port)) {
      const current = work.state.get('router', router.id);
      const removed = current === undefined ? null : removeRouterInterface(work, current, { subnet_id: id });
      if (isProblem(removed)) return removed;
    }
  }
  const current = work.state.get('router', router.id);
  return current === undefined ? null : deleteRouter(work, current);
}

function endNetwork(work: Work, { network_id }: AutoAllocatedTopology): Problem | null {
  const network = work.state.get('network', network_id);
  return network === undefined ? null : deleteNetwork(work, network);
}

function mayHave({ actor, policy }: Work, project: string, action: string): Problem | null {
  const target = (name: string): unknown => (name === 'project_id' || name === 'tenant_id' ? project : undefined);
  return policy.allows(action, actor, target) ? null : disallowed(action);
}

function defaultNetwork(work: Work): Network | undefined {
  return work.state.by('network.default', 'true')[0];
}

function defaultPools(work: Work): SubnetPool[] {
  return ['4', '6'].flatMap((family) => work.state.by('subnetpool.default_of', family));
}

function failed(reason: string): Problem {
  return problem('AutoAllocationFailure', { reason });
}

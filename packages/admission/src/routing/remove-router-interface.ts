import {
  type Attributes,
  type InterfaceWish,
  isProblem,
  isVisible,
  notFound,
  type Port,
  type Problem,
  problem,
  type Router,
  type Subnet,
} from '@manx/model';
import { endPort, letGoOfAddresses } from '../port-release.js';
import type { ActionResult } from '../rules.js';
import type { Work } from '../work.js';
import { interfacesOf, subnetsOf } from './connections.js';
import { interfaceAnswer } from './interface-answer.js';
import { checkUnused } from './interface-use.js';

/** `remove_router_interface`: the port goes, or one of its prefixes when it has several and a subnet alone is named. */
export function removeRouterInterface(work: Work, router: Router, values: Attributes): ActionResult | Problem {
  const wish = values as InterfaceWish;
  const removed = wish.port_id === undefined ? removeBySubnet(work, router, wish.subnet_id ?? '') : removeByPort(work, router, wish);
  if (isProblem(removed)) return removed;
  work.touch('router', router.id);
  return interfaceAnswer(router, removed.port, removed.subnets);
}

type Removed = { readonly port: Port; readonly subnets: readonly Subnet[] };

function removeByPort(work: Work, router: Router, { port_id = '', subnet_id }: InterfaceWish): Removed | Problem {
  const port = interfacesOf(work.state, router.id).find(({ id }) => id === port_id);
  if (port === undefined) return problem('RouterInterfaceNotFound', { router_id: router.id, port_id });
  if (subnet_id !== undefined && !port.fixed_ips.some((fixedIp) => fixedIp.subnet_id === subnet_id)) {
    return problem('SubnetMismatchForPort', { port_id, subnet_id });
  }
  const subnets = subnetsOf(work.state, port);
  for (const subnet of subnets) {
    const needed = checkUnused(work.state, router, subnet);
    if (needed !== null) return needed;
  }
  endPort(work, port);
  return { port, subnets };
}

function removeBySubnet(work: Work, router: Router, id: string): Removed | Problem {
  const subnet = work.state.get('subnet', id);
  if (subnet === undefined || !isVisible(work, 'subnet', subnet)) return notFound('subnet', id);
  const port = interfacesOf(work.state, router.id).find(({ fixed_ips }) => fixed_ips.some(({ subnet_id }) => subnet_id === id));
  if (port === undefined) return problem('RouterInterfaceNotFoundForSubnet', { router_id: router.id, subnet_id: id });
  const needed = checkUnused(work.state, router, subnet);
  if (needed !== null) return needed;
  const rest = port.fixed_ips.filter(({ subnet_id }) => subnet_id !== id);
  letGoOfAddresses(work, port, rest);
  if (rest.length === 0) endPort(work, port);
  else work.update('port', work.state.get('port', port.id) ?? port, { fixed_ips: rest });
  return { port, subnets: [subnet] };
}

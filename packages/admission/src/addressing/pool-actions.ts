import type { Cidr } from '@manx/ip';
import { type Attributes, isProblem, isVisible, notFound, type Problem, problem, type SubnetPool } from '@manx/model';
import { disallowed, mayUse } from '../authority.js';
import type { ActionResult } from '../rules.js';
import type { Work } from '../work.js';
import { intersects, without } from './prefix-set.js';
import { updateSubnetPool } from './subnet-pool.js';

/** The rule about networks of other projects. */
const FOREIGN_NETWORK = 'onboard_network_subnets:foreign_network';

const answer = (pool: SubnetPool): ActionResult => ({ answer: { prefixes: pool.prefixes } });

/** Adds prefixes to a pool. */
export function addPrefixes(work: Work, pool: SubnetPool, { prefixes }: Attributes): ActionResult | Problem {
  const updated = updateSubnetPool(work, pool, { prefixes: [...pool.prefixes, ...(prefixes as readonly Cidr[])] });
  return isProblem(updated) ? updated : answer(updated);
}

/** Takes prefixes from a pool that no subnet of it lies in. */
export function removePrefixes(work: Work, pool: SubnetPool, { prefixes }: Attributes): ActionResult | Problem {
  const removed = prefixes as readonly Cidr[];
  if (!intersects(pool.prefixes, removed)) return answer(pool);
  const allocated = work.state.by('subnet.subnetpool_id', pool.id).map(({ cidr }) => cidr);
  if (intersects(allocated, removed)) {
    return problem('IllegalSubnetPoolPrefixUpdate', { msg: 'One or more the prefixes to be removed is in use by a subnet.' });
  }
  const sameFamily = removed.filter((prefix) => prefix.includes(':') === (pool.ip_version === 6));
  return answer(work.update('subnetpool', pool, { prefixes: without(pool.prefixes, sameFamily) }));
}

/** Takes a network's subnets of the pool's family into the pool, and their prefixes with them. */
export function onboardSubnets(work: Work, pool: SubnetPool, { network_id }: Attributes): ActionResult | Problem {
  const id = String(network_id);
  const network = work.state.get('network', id);
  if (network === undefined || !isVisible(work, 'network', network)) return notFound('network', id);
  const isOwn = network.project_id === work.actor.project_id;
  if (!isOwn && !mayUse(work, FOREIGN_NETWORK, { kind: 'network', resource: network })) return disallowed(FOREIGN_NETWORK);
  const subnets = work.state
    .by('subnet.network_id', id)
    .filter(({ ip_version }) => ip_version === pool.ip_version)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const allocated = work.state.by('subnet.subnetpool_id', pool.id).map(({ cidr }) => cidr);
  const clash = subnets.find(({ cidr }) => intersects([cidr], allocated));
  if (clash !== undefined) {
    return problem('IllegalSubnetPoolUpdate', {
      reason: `Onboarding subnet ${clash.id}: ${clash.cidr} conflicts with allocated prefixes in subnet pool ${pool.id}`,
    });
  }
  if (subnets.length > 0) {
    const updated = updateSubnetPool(work, pool, { prefixes: [...pool.prefixes, ...subnets.map(({ cidr }) => cidr)] });
    if (isProblem(updated)) return updated;
  }
  for (const subnet of subnets) work.update('subnet', subnet, { subnetpool_id: pool.id });
  // Neutron answers a bare list.
  return { answer: subnets.map(({ id: subnet, cidr }) => ({ id: subnet, cidr })) as unknown as { [key: string]: unknown } };
}

import type { IfName, Member } from '@manx/hoststate';
import type { HostPlan } from '@manx/render';
import { adoptedTaps } from './adopted-taps.js';
import { diffTables } from './diff-tables.js';
import type { HostFacts } from './host-facts.js';
import { planFiles } from './plan-files.js';
import { planLink, planSysctls, releaseLink } from './plan-link.js';
import { planNeighbours, planRoutes } from './plan-routes.js';
import type { Step } from './step.js';

/**
 * What to do, in order, so that the facts become the plan: policy before reachability, and routes that must go, go first.
 * Nothing for what already is so; nothing about objects that are not ours. A tap that is missing or down gets its nft entries only.
 * `review` are addresses whose flows must be looked at once the policy stands (see `flowCutter` of hoststate).
 */
export function planHost(plan: HostPlan, facts: HostFacts, review: readonly Member[]): Step[] {
  const adopted = adoptedTaps(facts);
  const ours = new Set<IfName>([...plan.links.keys(), ...adopted]);
  const routes = planRoutes(plan, facts);
  const neighbours = planNeighbours(plan, facts, ours);
  const script = diffTables(facts.tables, plan.tables);
  return [
    ...routes.deletes,
    ...(script === '' ? [] : [{ kind: 'apply-nft', script } as const]),
    ...(review.length === 0 ? [] : [{ kind: 'review-flows', addresses: review } as const]),
    ...neighbours.deletes,
    ...adopted.filter((ifname) => !plan.links.has(ifname)).flatMap((ifname) => releaseLink(ifname, facts)),
    ...planSysctls(plan.sysctls, facts, null),
    ...[...plan.links.values()].flatMap((link) => planLink(link, facts)),
    ...neighbours.sets,
    ...routes.sets,
    ...planFiles(plan, facts),
  ];
}

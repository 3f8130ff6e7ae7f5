import type { IfName, Member } from '@manx/hoststate';
import type { HostPlan } from '@manx/render';
import { adoptedTaps } from './adopted-taps.js';
import { diffTables } from './diff-tables.js';
import type { HostFacts } from './host-facts.js';
import { planFiles } from './plan-files.js';
import { releaseLimits } from './plan-limits.js';
import { planLink, planSysctls, releaseLink } from './plan-link.js';
import { planNeighbours, planRoutes } from './plan-routes.js';
import { presentTables } from './present-tables.js';
import type { Step } from './step.js';

/**
 * What to do, in order, so that the facts become the plan: policy before reachability, and routes that must go, go first.
 * Nothing for what already is so; nothing about objects that are not ours. A tap that is missing or down gets its nft entries only.
 * `review` are addresses whose flows must be looked at once the policy stands (see `flowCutter` of hoststate), `leaving` those that must be before
 * anything goes (see `flowCarrier`).
 */
export function planHost(plan: HostPlan, facts: HostFacts, review: readonly Member[], leaving: readonly Member[] = []): Step[] {
  const adopted = adoptedTaps(facts);
  const ours = new Set<IfName>([...plan.links.keys(), ...adopted]);
  const routes = planRoutes(plan, facts);
  const neighbours = planNeighbours(plan, facts, ours);
  const [policy, frames] = scripts(plan, facts);
  return [
    ...(leaving.length === 0 ? [] : [{ kind: 'review-flows', addresses: leaving } as const]),
    ...routes.deletes,
    ...(policy === '' ? [] : [{ kind: 'apply-nft', script: policy } as const]),
    ...(review.length === 0 ? [] : [{ kind: 'review-flows', addresses: review } as const]),
    ...neighbours.deletes,
    ...adopted.filter((ifname) => !plan.links.has(ifname)).flatMap((ifname) => releaseLink(ifname, facts)),
    ...releaseLimits(plan.links, facts),
    ...planSysctls(plan.sysctls, facts, null),
    ...[...plan.links.values()].flatMap((link) => planLink(link, facts)),
    ...neighbours.sets,
    ...routes.sets,
    ...routes.replaced,
    ...planFiles(plan, facts),
    ...(frames === '' ? [] : [{ kind: 'apply-nft', script: frames } as const]),
  ];
}

/**
 * The policy, and what taps let in at all: a transaction of its own, and the last step, since the kernel may refuse it for a tap that has just
 * gone. Nothing that it keeps out would be forwarded without it.
 */
function scripts(plan: HostPlan, facts: HostFacts): readonly [string, string] {
  const isFrames = ({ family }: { readonly family: string }): boolean => family === 'netdev';
  const wanted = presentTables(plan.tables, facts.links);
  const of = (is: typeof isFrames): string => diffTables(facts.tables.filter(is), wanted.filter(is));
  return [of((table) => !isFrames(table)), of(isFrames)];
}

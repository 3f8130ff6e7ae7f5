import type { Endpoint, EndpointStatus, HostState, Revision } from '@manx/hoststate';
import type { HostPlan } from '@manx/render';
import type { HostFacts } from './host-facts.js';
import { formatStep, type Step, type StepFailure, stepInterfaces } from './step.js';

/** What is known after an apply. */
type Seen = {
  readonly state: HostState;
  readonly plan: HostPlan;
  readonly facts: HostFacts;
  readonly remaining: readonly Step[];
  readonly failures: readonly StepFailure[];
  readonly revision: Revision;
};

/**
 * What to tell the server of every endpoint of the state, sorted by id.
 * `arrived` is `up` for one that has come here by live migration. `facts` were read after the steps were done, and `remaining` is `planHost` on them: `up` is said only of an endpoint for which nothing
 * remains, neither on its tap nor on the host as a whole.
 */
export function statusOf(seen: Seen): EndpointStatus[] {
  const said = new Map<string, string>();
  for (const { subject, detail } of seen.plan.problems) if (!said.has(subject)) said.set(subject, detail);
  return [...seen.state.endpoints.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map((endpoint) => statusOfOne(endpoint, seen, said));
}

function statusOfOne(endpoint: Endpoint, seen: Seen, said: ReadonlyMap<string, string>): EndpointStatus {
  const { id, ifname } = endpoint;
  const answer = (state: EndpointStatus['state'], problem: string | null): EndpointStatus => ({
    id,
    state,
    revision: seen.revision,
    problem,
  });
  if (!endpoint.isUp) return answer('down', null);
  const problem = [id, ...endpoint.policies].map((subject) => said.get(subject)).find((detail) => detail !== undefined);
  if (problem !== undefined) return answer('error', problem);
  const link = seen.facts.links.get(ifname);
  if (link === undefined) return answer('down', `no interface ${ifname}`);
  if (!link.isUp) return answer('down', `interface ${ifname} is down`);
  const concerns = (step: Step): boolean => step.kind !== 'review-flows' && (stepInterfaces(step)?.includes(ifname) ?? true);
  const failure = seen.failures.find(({ step }) => concerns(step));
  if (failure !== undefined) return answer('error', `${formatStep(failure.step)}: ${failure.detail}`);
  const left = seen.remaining.find(concerns);
  return left === undefined
    ? answer(endpoint.phase === 'arrived' ? 'arrived' : 'up', null)
    : answer('error', `not done: ${formatStep(left)}`);
}

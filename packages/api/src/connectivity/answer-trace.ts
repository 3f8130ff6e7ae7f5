import type { Revision } from '@manx/hoststate';
import { isProblem, problem } from '@manx/model';
import { targetOf } from '@manx/policy';
import { type Answer, refusal } from '../answer.js';
import { type PlannedTrace, planTraces } from './plan-trace.js';
import { type DoneTrace, runTrace, type TraceFeed } from './run-trace.js';
import { snakeKeys } from './snake-keys.js';
import type { Asker, CloudSource } from './viewer.js';

/** The action of the policy that lets somebody have packets sent in an instance's name, and see all hosts that they pass. */
const ACTION = 'trace_connectivity';

/** What tries a flow, one question at a time. */
export type Tracer = {
  /** What is to be tried, or the refusal: asked of one state. */
  readonly plan: (asker: Asker, source: CloudSource, body: unknown) => readonly PlannedTrace[] | Answer;
  readonly run: (planned: readonly PlannedTrace[], revision: Revision) => Promise<Answer>;
};

/** Makes the tracer of a server. Whoever may trace sees what an administrator does: the hosts are the answer. */
export const createTracer = (feed: TraceFeed): Tracer => {
  let isBusy = false;
  return {
    plan: (asker, source, body) => {
      if (!asker.policy.allows(ACTION, asker.actor, targetOf({})))
        return refusal(problem('PolicyNotAuthorized', { rule: `rule:${ACTION}` }));
      const planned = planTraces({ ...asker, actor: { ...asker.actor, is_admin: true } }, source, body);
      return isProblem(planned) ? refusal(planned) : planned;
    },
    run: async (planned, revision) => {
      if (isBusy) return refusal(problem('TraceInProgress', {}));
      isBusy = true;
      try {
        const traces: DoneTrace[] = [];
        for (const plan of planned) traces.push(await runTrace(plan, revision, feed));
        return { status: 200, text: JSON.stringify({ connectivity: { traces: snakeKeys(traces) } }) };
      } finally {
        isBusy = false;
      }
    },
  };
};

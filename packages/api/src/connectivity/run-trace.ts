import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Feed, TraceOrder, TraceReport } from '@manx/feed';
import type { HostName, Revision, TraceAccount, TraceFlow, TraceSender } from '@manx/hoststate';
import { type Explanation, type HostTrace, judgeTrace, type TraceJudgement } from '@manx/reach';
import type { PlannedTrace } from './plan-trace.js';

/** How long an agent has for a step. */
const STEP_MS = 5_000;

/** What came of a trace. */
export type DoneTrace = TraceJudgement & {
  readonly explanation: Explanation;
  /** The server's, when it explained. */
  readonly revision: Revision;
  readonly sent: TraceSender & Pick<TraceFlow, 'protocol' | 'mark'> & { readonly host: HostName };
  readonly hosts: readonly HostTrace[];
};

/** Where the agents are told. */
export type TraceFeed = Pick<Feed, 'trace'>;

/**
 * Has the hosts of a flow watch it, its sender send one packet, and holds what the kernels did with it, and with the answer, against what was said of it. Takes
 * as long as answers are waited for. Where a host does not do its part the verdict says so, and all that was begun is ended all the same.
 */
export const runTrace = async (plan: PlannedTrace, revision: Revision, feed: TraceFeed): Promise<DoneTrace> => {
  const { explanation, flow, sender, host } = plan;
  const hosts = await watched(plan, feed);
  return {
    ...judgeTrace(explanation, hosts, flow.mark),
    explanation,
    revision,
    sent: { ...sender, protocol: flow.protocol, mark: flow.mark, host },
    hosts,
  };
};

const watched = async ({ flow, sender, host, hosts, seconds }: PlannedTrace, feed: TraceFeed): Promise<readonly HostTrace[]> => {
  const trace = randomUUID();
  const begun = await Promise.all(
    hosts.map(async (name) => {
      const own = name === host ? sender : null;
      // As long as all of it may take: an agent that is not told to end ends by itself.
      const order = { type: 'trace-watch', trace, flow, seconds: seconds + (3 * STEP_MS) / 1000, sender: own } as const;
      return { host: name, ...outcome(await feed.trace(name, order, STEP_MS)) };
    }),
  );
  const isReady = begun.some((one) => one.host === host && one.problem === null);
  const sent = isReady ? outcome(await feed.trace(host, { type: 'trace-send', trace }, STEP_MS)) : null;
  if (sent?.problem === null) await wait(seconds * 1000);
  const end: TraceOrder = { type: 'trace-end', trace };
  return await Promise.all(
    begun.map(async ({ host: name, problem }): Promise<HostTrace> => {
      // One that said nothing in time may have begun all the same.
      const ended = outcome(await feed.trace(name, end, STEP_MS));
      const trouble =
        problem ?? (sent === null ? NOT_SENT : sent.problem === null ? null : `${NOT_SENT}: ${sent.problem}`) ?? ended.problem;
      return { host: name, account: trouble === null ? ended.account : null, problem: trouble };
    }),
  );
};

const NOT_SENT = 'no packet could be sent';

const outcome = (answer: TraceReport | 'away' | 'silent'): { readonly problem: string | null; readonly account: TraceAccount | null } => {
  if (answer === 'away') return { problem: 'its agent is not connected to this server', account: null };
  if (answer === 'silent') return { problem: `its agent did not answer within ${STEP_MS / 1000} s`, account: null };
  return answer;
};

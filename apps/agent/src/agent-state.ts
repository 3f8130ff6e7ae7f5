import type { AgentReport } from '@manx/feed';
import type { EndpointStatus, Revision } from '@manx/hoststate';

/** All that an agent knows of itself: what `/debug/state` answers. Times are ISO 8601, UTC. */
export type AgentState = {
  readonly host: string;
  /** The link to the server: since when it is so; `problem` is null while it is connected. */
  readonly server: { readonly url: string; readonly isConnected: boolean; readonly since: string; readonly problem: string | null };
  /** Of the state that is worked towards and of the last that was programmed; null: none is. */
  readonly revision: { readonly wanted: Revision | null; readonly applied: Revision | null };
  readonly endpoints: Readonly<Record<Exclude<EndpointStatus['state'], 'arrived'>, number>>;
  /** How long the turn under way has lasted, in ms (null: none is), and whether another waits. */
  readonly work: {
    readonly turnMs: number | null;
    readonly isDue: boolean;
    /** Of how many addresses that others have lost the flows are still to be ended. */
    readonly lostAddresses: number;
  };
  readonly agent: AgentReport;
};

/** A turn that lasts longer is a problem: a kernel or nftables that does not answer. */
export const SLOW_TURN_MS = 10_000;
/** After so long the agent calls itself ill: whoever supervises it may restart it. */
const STUCK_TURN_MS = 60_000;

/** Whether the agent does its work. A server that is away is no illness: the host goes on. */
export const isHealthy = ({ work }: AgentState): boolean => work.turnMs === null || work.turnMs < STUCK_TURN_MS;

/** The state in Prometheus' text format (version 0.0.4). */
export const agentMetrics = (state: AgentState): string => {
  const { server, revision, endpoints, work, agent } = state;
  const lines: string[] = [];
  const gauge = (name: string, help: string, values: ReadonlyArray<readonly [string, number]>, type = 'gauge'): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values.map(([labels, value]) => `${name}${labels} ${value}`));
  };
  gauge('manx_agent_connected', 'Whether the server is reached.', [['', Number(server.isConnected)]]);
  gauge('manx_agent_revision', 'Revisions of the state: wanted, and programmed last.', [
    ['{of="wanted"}', revision.wanted ?? 0],
    ['{of="applied"}', revision.applied ?? 0],
  ]);
  gauge(
    'manx_agent_endpoints',
    'Ports of this host by status.',
    Object.entries(endpoints).map(([name, count]) => [`{status="${name}"}`, count]),
  );
  gauge('manx_agent_turn_seconds', 'How long the turn under way has lasted; 0 without one.', [['', (work.turnMs ?? 0) / 1000]]);
  gauge(
    'manx_agent_problems',
    'Problems by code.',
    countBy(agent.problems.map(({ code }) => code)).map(([code, count]) => [`{code="${code}"}`, count]),
  );
  gauge('manx_agent_drift_repairs_total', 'What others changed and was put back.', [['', agent.drift.repairs]], 'counter');
  gauge(
    'manx_agent_bgp_session_up',
    'Whether a BGP session is established.',
    agent.bgp.map(({ name, state: word }) => [`{name="${escape(name)}"}`, Number(/^Established\b/.test(word))]),
  );
  gauge('manx_agent_start_time_seconds', 'When the agent started.', [['', Date.parse(agent.startedAt) / 1000]]);
  return `${lines.join('\n')}\n`;
};

const countBy = (words: readonly string[]): ReadonlyArray<readonly [string, number]> => {
  const counts = new Map<string, number>();
  for (const word of [...words].sort()) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts];
};

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

import { request } from 'node:http';
import { labPaths, waitUntil } from '@manx/lab/attack-kit';

/** What the oracle asks of an agent's `/debug/state`. */
type AgentState = {
  readonly server: { readonly isConnected: boolean };
  readonly revision: { readonly wanted: number | null; readonly applied: number | null };
  readonly work: { readonly turnMs: number | null; readonly isDue: boolean; readonly lostAddresses: number };
  readonly agent: { readonly bgp: readonly { readonly name: string; readonly state: string }[] };
};

/** How a host's agent is, by its own socket; null while it does not answer. */
export const agentState = async (host: string): Promise<AgentState | null> =>
  await new Promise((resolve) => {
    const asked = request({ socketPath: `${labPaths.host(host)}/run/agent.sock`, path: '/debug/state' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      answer.on('end', () => resolve(JSON.parse(text) as AgentState));
      answer.on('error', () => resolve(null));
    });
    asked.on('error', () => resolve(null));
    asked.end();
  });

const isSettled = (state: AgentState | null, newerThan: number): boolean =>
  state !== null &&
  state.server.isConnected &&
  state.revision.applied !== null &&
  state.revision.applied === state.revision.wanted &&
  state.revision.applied > newerThan &&
  state.work.turnMs === null &&
  !state.work.isDue &&
  // Flows with an address that a guest of the last sequence had end late on a busy host, and with them those of who has it now.
  state.work.lostAddresses === 0 &&
  state.agent.bgp.every((session) => session.state.startsWith('Established'));

/** How long the hosts may take: BGP begins anew within it. */
const LIMIT_MS = 40_000;

/**
 * Resolves to null when every host has programmed what it was told, has nothing to do, and has all its BGP sessions; and when those whose state has
 * changed (`changed`) have programmed a revision newer than the one before. Who has not in time is said.
 */
export const settled = async (
  hosts: readonly string[],
  { before, changed }: { readonly before: number; readonly changed: ReadonlySet<string> },
): Promise<string | null> => {
  const ready = new Set<string>();
  const isReady = async (): Promise<boolean> => {
    for (const host of hosts) {
      if (!ready.has(host) && isSettled(await agentState(host), changed.has(host) ? before : -1)) ready.add(host);
    }
    return ready.size === hosts.length;
  };
  const [ended] = await Promise.allSettled([waitUntil('the hosts to have programmed what they were told', isReady, LIMIT_MS)]);
  if (ended.status === 'fulfilled') return null;
  const late = hosts.filter((host) => !ready.has(host));
  const states = await Promise.all(late.map(async (host) => `  ${host}: ${JSON.stringify(await agentState(host))}`));
  return [
    `${late.join(', ')} not done, ${LIMIT_MS / 1_000} s after the step (changed: ${[...changed].join(', ') || 'nobody'}, since revision ${before})`,
    ...states,
  ].join('\n');
};

import { type Agent, type Problem, problem } from '@manx/model';
import type { Work } from '../work.js';

/** Remembers a host that has been heard of for the first time; only the server itself does. */
export function createAgent(
  work: Work,
  { id, host, project_id }: { readonly id: string; readonly host: string; readonly project_id: string },
): Agent {
  return work.state.get('agent', id) ?? work.create('agent', { id, project_id, host, description: '', admin_state_up: true });
}

/** Sets what an administrator may set of an agent. */
export function updateAgent(work: Work, agent: Agent, values: Partial<Pick<Agent, 'admin_state_up' | 'description'>>): Agent {
  return work.update('agent', agent, values);
}

/** Forgets an agent; one that is alive would be back in a moment. */
export function deleteAgent(work: Work, agent: Agent): Problem | null {
  if (work.context.isHostAlive(agent.host)) return problem('AgentAlive', { id: agent.id });
  work.delete('agent', agent.id);
  return null;
}

/** Whether a port can be bound to the host: its agent is alive, and no administrator keeps new ports from it. */
export function isHostAvailable({ state, context }: Pick<Work, 'state' | 'context'>, host: string): boolean {
  return context.isHostAlive(host) && state.by('agent.host', host)[0]?.admin_state_up !== false;
}

import type { Agent } from '@manx/model';
import type { Work } from '../work.js';

/** Remembers a host that has been heard of for the first time; only the server itself does. */
export function createAgent(work: Work, draft: Pick<Agent, 'id' | 'host' | 'project_id' | 'physical_networks' | 'multicast'>): Agent {
  const { id, host, project_id, physical_networks: networks, multicast } = draft;
  const said = { ...(networks === undefined ? {} : { physical_networks: networks }), ...(multicast === undefined ? {} : { multicast }) };
  return work.state.get('agent', id) ?? work.create('agent', { id, project_id, host, description: '', admin_state_up: true, ...said });
}

/** Sets what an administrator may set of an agent, and what the agent says of itself and others count on, which only the server itself does. */
export function updateAgent(
  work: Work,
  agent: Agent,
  values: Partial<Pick<Agent, 'admin_state_up' | 'description' | 'physical_networks' | 'multicast'>>,
): Agent {
  return work.update('agent', agent, values);
}

/** Forgets an agent and what was set of it, speakers that it was given or that were taken from it among that; as in Neutron, one that is alive is back with its next report. */
export function deleteAgent(work: Work, agent: Agent): null {
  for (const speaker of work.state.by('bgp_speaker.agent', agent.id)) {
    const { isEverywhere, agents } = speaker.hosting ?? { isEverywhere: true, agents: [] };
    work.update('bgp_speaker', speaker, { hosting: { isEverywhere, agents: agents.filter((id) => id !== agent.id) } });
  }
  work.delete('agent', agent.id);
  return null;
}

/** Whether a port can be bound to the host: its agent is alive, and no administrator keeps new ports from it. */
export function isHostAvailable({ state, context }: Pick<Work, 'state' | 'context'>, host: string): boolean {
  return context.isHostAlive(host) && state.by('agent.host', host)[0]?.admin_state_up !== false;
}

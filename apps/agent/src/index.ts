export { type AgentSettings, readAgentSettings } from './agent-settings.js';
export type { AgentState } from './agent-state.js';
export { agentSocket } from './agent-window.js';
export { cleanupAgent } from './cleanup-agent.js';
export { type AgentProbe, formatProbe, probeAgent } from './probe-agent.js';
export { type AgentOptions, runAgent } from './run-agent.js';

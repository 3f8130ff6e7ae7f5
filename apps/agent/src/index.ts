export type { AgentSettings } from './agent-settings.js';
export { cleanupAgent } from './cleanup-agent.js';
export { type AgentOptions, runAgent } from './run-agent.js';

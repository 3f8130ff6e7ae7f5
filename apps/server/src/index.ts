/** `manx server`: reads its settings, wires the rooms, runs. */

export type { CloudProblem, CloudStatus } from '@manx/api';
export { readAgentSecret } from './agent-secret.js';
export { apiUrlOf } from './api-url.js';
export { type RunningServer, type RunServerOptions, runServer, startServer } from './run-server.js';
export { readServerSettings, type ServerSettings } from './server-settings.js';
export { printServerToken, type ServerTokenOptions } from './server-token.js';
export { StartFault, type StartFaultCode } from './start-fault.js';

/** What the benchmarks borrow from the lab: building one, talking to its API, running programs and opening sockets in its namespaces. */
export { clientFor } from './apply-cloud.js';
export { up } from './commands/up.js';
export { LabError } from './lab-error.js';
export { labPaths } from './lab-paths.js';
export { hostNamespace, instanceNamespace, outsideAddress4, outsideNamespace } from './layout.js';
export { beginLiveMove } from './move-live.js';
export { spawnIn } from './namespace-exec.js';
export { endProcesses } from './namespace-processes.js';
export { type NeutronClient, type NeutronResource, openNeutronClient } from './neutron-client.js';
export { processControl } from './process-control.js';
export { programPid, waitUntil } from './program.js';
export { execOut, runProgram } from './run-program.js';
export type { Instance } from './running-lab.js';
export { table } from './say.js';
export { labNamespaces, tearDown } from './tear-down.js';
export { listen } from './wire/listen.js';
export { AF_INET, openBound, SOCK_DGRAM } from './wire/namespace-socket.js';

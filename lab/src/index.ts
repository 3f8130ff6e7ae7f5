/** The lab's commands, as `./manx lab` calls them: each prints its answer, and throws what its user must know. */
export { labCheck } from './commands/check.js';
export { labDemo } from './commands/demo.js';
export { labDown } from './commands/down.js';
export { labEnv } from './commands/env.js';
export { labExec } from './commands/exec.js';
export { labBoot, labDelete, labList, labMove } from './commands/instances.js';
export { labUp } from './commands/up.js';

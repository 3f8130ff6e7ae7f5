/** Simulated hosts: many agents' sessions in one process, in front of a kernel that takes everything. */
export { openSim, type Sim, type SimOptions, type SimProgress } from './open-sim.js';
export { type RunSimOptions, runSim } from './run-sim.js';

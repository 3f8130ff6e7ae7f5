/** The oracle, for whoever measures it. */
export { Oracle } from './oracle.js';
export { randomSequence } from './random-steps.js';
export { Tally } from './tally.js';

/** BGP: a host's settings as BIRD's configuration. */
export { BIRD_FILE_EFFECTS, birdCheckCommand, birdCommand, birdRecoverCommand } from './bird-command.js';
export { birdProblems } from './bird-problems.js';
export type { BirdPeer, BirdSettings } from './bird-settings.js';
export { birdProtocolName, renderBird } from './render-bird.js';

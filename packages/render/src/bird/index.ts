/** BGP: a host's settings as BIRD's configuration. */
export { BIRD_FILE_EFFECTS, birdCheckCommand, birdCommand, birdRecoverCommand } from './bird-command.js';
export { birdCommunity } from './bird-community.js';
export { birdProblems } from './bird-problems.js';
export {
  type ApiPeerSettings,
  BIRD_BFD,
  BIRD_LIMIT_ACTIONS,
  BIRD_MAX_PREFIX,
  type BirdAccept,
  type BirdBfd,
  type BirdLimitAction,
  type BirdMaxPrefix,
  type BirdPeer,
  type BirdSettings,
} from './bird-settings.js';
export { birdProtocolName, renderBird } from './render-bird.js';
export { withApiPeers } from './with-api-peers.js';

/** The stream between server and agents: both of its sides, and what goes over it. */
export type { FeedAddress } from './agent-request.js';
export type { BackOffLimits } from './back-off.js';
export type { RingLimits } from './delta-ring.js';
export { createFeed, type Feed, type FeedOptions, type FeedSource, type HostEvent, type HostView } from './feed.js';
export { createFeedServer, type FeedLogger, type FeedServerOptions } from './feed-server.js';
export { type FeedLink, type FeedSession, type FeedSessionOptions, type HeldState, openFeedSession } from './feed-session.js';
export type { HostSnapshot } from './host-feed.js';
export {
  type AgentReport,
  type FeedMessage,
  MAX_PHYSICAL_NETWORK,
  MAX_PHYSICAL_NETWORKS,
  MAX_REPORTED_DROPS,
  MAX_SAMPLED_PLACES,
  type ReleasedAddress,
  type ReportedClaim,
  type ReportedDrop,
  type ReportedSample,
  SAMPLES_OF_A_PLACE,
  type StatusReport,
} from './messages.js';
export { RecentSamples } from './recent-samples.js';
export { StatusNews } from './status-news.js';
export type { AgentNews, HeardClaim, HeardDrop, HeardSample } from './status-outbox.js';
export { agentToken, verifyAgentToken } from './token.js';

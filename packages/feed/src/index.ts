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
  EVENTS_OF_A_PLACE,
  type FeedMessage,
  MAX_EVENT_LOGS,
  MAX_EVENT_PLACES,
  MAX_PHYSICAL_NETWORK,
  MAX_PHYSICAL_NETWORKS,
  MAX_REPORTED_DROPS,
  MAX_SAMPLED_PLACES,
  MAX_TRACE_COUNTERS,
  MAX_TRACE_HOPS,
  MAX_TRACE_SECONDS,
  MAX_TRACED_CHAIN,
  MAX_TRACED_CHAINS,
  MAX_TRACED_PACKETS,
  MAX_TRACED_RULE,
  type ReleasedAddress,
  type ReportedClaim,
  type ReportedDrop,
  type ReportedEvent,
  type ReportedSample,
  SAMPLES_OF_A_PLACE,
  type StatusReport,
  type TraceOrder,
  type TraceReport,
} from './messages.js';
export { RecentSamples } from './recent-samples.js';
export { StatusNews } from './status-news.js';
export type { AgentNews, HeardClaim, HeardDrop, HeardEvent, HeardSample } from './status-outbox.js';
export { agentToken, verifyAgentToken } from './token.js';

export * from './bird/index.js';
export * from './dnsmasq/index.js';
export type {
  HostPlan,
  LinkPlan,
  NeighbourPlan,
  NftChain,
  NftHook,
  NftMap,
  NftMeter,
  NftSet,
  NftTable,
  ProgramPlan,
  RenderProblem,
  RouteHop,
  RoutePlan,
  TokenBucket,
} from './host-plan.js';
export { METADATA_IPV4, METADATA_IPV6 } from './metadata.js';
export { CLAIM_LOG_GROUP } from './nft/claim-chains.js';
export { MAX_CONNECTIONS } from './nft/connection-chains.js';
export { SAMPLE_BYTES, SAMPLE_GROUP } from './nft/drop-chains.js';
export { PICKED_UP_MARK } from './nft/fixed-chains.js';
export { type Listening, type Memberships, TUNNEL_DEVICE, TUNNEL_HOPS_V4, tunnelHop } from './nft/group-tables.js';
export { ACCEPT_PREFIX, LOG_GROUP } from './nft/log-chains.js';
export { LISTENER_LOG_GROUP } from './nft/multicast-chains.js';
export { DROP_METER_PREFIX, RULE_COUNTER_PREFIX } from './nft/names.js';
export { DROP_METERS } from './nft/render-tables.js';
export { traceTables, withoutTrace } from './nft/trace-tables.js';
export { renderHost } from './render-host.js';
export { neighbourKey, routeKey } from './render-routes.js';
export { MANX_ROUTE_METRIC, MANX_ROUTE_PROTOCOL } from './route-identity.js';
export type { MulticastSettings, RenderSettings } from './settings.js';

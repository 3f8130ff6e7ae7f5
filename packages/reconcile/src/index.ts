export { type Claim, ClaimBook, type ClaimFacts, type SavedClaim } from './claims/claim-book.js';
export { type ClaimChanges, withClaims } from './claims/with-claims.js';
export { cleanupPlan } from './cleanup-plan.js';
export { diagnose, type HostProblem } from './diagnose/diagnose.js';
export { type ForeignChain, isForeignBase, readForeignChain, readLegacyForward } from './diagnose/foreign-chain.js';
export type { Fill, HostSurvey, MissingFeature, UplinkFact } from './diagnose/host-survey.js';
export { diffTables } from './diff-tables.js';
export { type Count, countsSince, type DropCount, type HostCounters, parseCounters, withDrops } from './host-counters.js';
export type {
  AddressFact,
  HopFact,
  HostFacts,
  LimitFact,
  LinkAddressFact,
  LinkFact,
  NeighbourFact,
  ObservedChain,
  ObservedMap,
  ObservedSet,
  ObservedTable,
  Program,
  RouteFact,
} from './host-facts.js';
export { ListenerBook, type SavedMembership } from './listeners/listener-book.js';
export { MoveBook, type SavedMove } from './moves/move-book.js';
export { withMoves } from './moves/with-moves.js';
export { parseNftTable } from './parse-nft-table.js';
export { planHost } from './plan-host.js';
export { shaperName, tapOfShaper } from './plan-limits.js';
export { isSameRoute } from './plan-routes.js';
export { hookDevice, presentTables } from './present-tables.js';
export { statusOf } from './status-of.js';
export { formatStep, type Step, type StepFailure, stepInterfaces } from './step.js';
export { observedOf } from './table-shape.js';
export { type CountedRule, traceCounters } from './trace-counters.js';

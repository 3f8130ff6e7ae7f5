/** Neutron resources declared once: types, attributes, bodies, queries, views, errors; and the state that holds them. */

export { type Actor, canWrite, isPrivileged, SERVICE_ROLE } from './actor.js';
export { normalizedCidr } from './address-rules.js';
export { applyChanges } from './apply-changes.js';
export {
  buildCloud,
  type CloudSpec,
  cloudChanges,
  EXAMPLE_PROJECT,
  idOf,
  type NetworkSpec,
  type PortSpec,
  type RuleSpec,
} from './build-cloud.js';
export { type Change, type Commit, type PutOf, put, type Revision } from './commit.js';
export type { Attribute, Attributes, Declaration, FilterTest } from './declaration.js';
export { DECLARATIONS, declarationOf } from './declarations.js';
export { BULK_LIMIT, type DecodedCreate, decodeCreate, decodeUpdate } from './decode-body.js';
export { ERROR_TABLE, type ErrorCode } from './error-table.js';
export { EXAMPLE_CLOUDS, OTHER_PROJECT } from './example-clouds.js';
export { EXTENSIONS, type Extension } from './extensions.js';
export { INDEXES, type IndexKind, type IndexName } from './indexes.js';
export { IP_PROTOCOLS, PORT_PROTOCOLS, protocolNumber } from './ip-protocols.js';
export { type ListContext, list } from './list.js';
export type { Network, NetworkDraft } from './network.js';
export { notFound } from './not-found.js';
export { type AnsweredPage, type PageLink, pageLinks } from './page-links.js';
export type { FixedIp, FixedIpWish, Port, PortDraft, PortStatus, VifType } from './port.js';
export { badRequest, type ErrorAnswer, type ErrorParameters, errorAnswer, isProblem, type Problem, problem } from './problem.js';
export { EVERYTHING, parseQuery, type Query, type SortKey } from './query.js';
export { RESOURCE_KINDS, type Resource, type ResourceKind, type ResourceOf, type StandardAttributes } from './resource.js';
export { DEFAULT_GROUP_NAME, type SecurityGroup, type SecurityGroupDraft } from './security-group.js';
export type { SecurityGroupRule, SecurityGroupRuleDraft } from './security-group-rule.js';
export { State } from './state.js';
export type { StateReader } from './state-reader.js';
export type { AllocationPool, HostRoute, Ipv6ModeName, Subnet, SubnetDraft } from './subnet.js';
export type { ReadValue, ValueRule } from './value-rule.js';
export { type View, type ViewContext, view, viewer } from './view.js';
export { isVisible } from './visibility.js';

import {
  type Attributes,
  declarationOf,
  isVisible,
  itemTarget,
  judgementOf,
  type Network,
  notFound,
  type Problem,
  policyName,
  problem,
  type Resource,
  type ResourceKind,
  resourceTarget,
  type Viewpoint,
} from '@manx/model';
import type { Target } from '@manx/policy';

/** A refusal by policy, in oslo.policy's words: the rules that were asked, those of attributes in brackets with the action's own. */
export function disallowed(...rules: readonly string[]): Problem {
  const [first = '', ...others] = rules;
  return problem('PolicyNotAuthorized', { rule: others.reduce((all, rule) => `(${all} and rule:${rule})`, `rule:${first}`) });
}

/** The network that something is to be made on: not found when the actor may not know of it. */
export function networkFor(viewpoint: Viewpoint, id: string): Network | Problem {
  const network = viewpoint.state.get('network', id);
  return network !== undefined && isVisible(viewpoint, 'network', network) ? network : notFound('network', id);
}

/** Whether the actor may make this: what it is to be a part of must be visible, and the policy allow it with each attribute that is set. */
export function mayCreate(viewpoint: Viewpoint, kind: ResourceKind, item: Attributes): Problem | null {
  const { state, actor } = viewpoint;
  const target = itemTarget(kind, item, { state, actor, before: null });
  const set = Object.keys(item).filter((name) => isSet(item[name], declarationOf(kind).attributes[name]?.preset));
  return lostAbove(viewpoint, item) ?? checkPolicy(viewpoint, { action: `create_${policyName(kind)}`, target, item, set });
}

/** Whether the actor may change the resource so. Not found when it may not even know of it. */
export function mayUpdate(viewpoint: Viewpoint, at: { kind: ResourceKind; id: string; values: Attributes }): Problem | null {
  const { kind, values } = at;
  const { state, actor } = viewpoint;
  const resource = visible(viewpoint, at);
  if (resource === null) return notFound(kind, at.id);
  const target = itemTarget(kind, values, { state, actor, before: resource });
  return checkPolicy(viewpoint, { action: `update_${policyName(kind)}`, target, item: values, set: Object.keys(values) });
}

/** Whether the actor may delete the resource. Not found when it may not even know of it. */
export function mayDelete(viewpoint: Viewpoint, at: { kind: ResourceKind; id: string }): Problem | null {
  return mayAct(viewpoint, { ...at, action: `delete_${policyName(at.kind)}` });
}

/** Whether the actor may do this to the resource: any action of the policy. Not found when it may not even know of it. */
export function mayAct(viewpoint: Viewpoint, at: { kind: ResourceKind; id: string; action: string }): Problem | null {
  const { state, actor } = viewpoint;
  const resource = visible(viewpoint, at);
  if (resource === null) return notFound(at.kind, at.id);
  return allows(viewpoint, at.action, resourceTarget(at.kind, resource, { state, actor })) ? null : disallowed(at.action);
}

function visible(viewpoint: Viewpoint, { kind, id }: { readonly kind: ResourceKind; readonly id: string }): Resource | null {
  const resource: Resource | undefined = viewpoint.state.get(kind, id);
  return resource !== undefined && isVisible(viewpoint, kind, resource) ? resource : null;
}

/** What a new resource can be a part of. A refusal by policy would tell that it is there. */
const ABOVE = { network_id: 'network', security_group_id: 'security_group' } as const;

function lostAbove(viewpoint: Viewpoint, item: Attributes): Problem | null {
  for (const [attribute, kind] of Object.entries(ABOVE)) {
    const id = item[attribute];
    if (typeof id === 'string' && visible(viewpoint, { kind, id }) === null) return notFound(kind, id);
  }
  return null;
}

type Asked = { readonly action: string; readonly target: Target; readonly item: Attributes; readonly set: readonly string[] };

/** The action's own rule, then that of each attribute which is set, and of the keys in its value (`fixed_ips:ip_address`). */
function checkPolicy(viewpoint: Viewpoint, { action, target, item, set }: Asked): Problem | null {
  if (!allows(viewpoint, action, target)) return disallowed(action);
  const rules = set
    .flatMap((name) => [name, ...keysIn(item[name]).map((key) => `${name}:${key}`)])
    .map((name) => `${action}:${name}`)
    .filter(viewpoint.policy.has);
  const refused = rules.find((rule) => !allows(viewpoint, rule, target));
  return refused === undefined ? null : disallowed(action, refused);
}

function allows(viewpoint: Viewpoint, action: string, target: Target): boolean {
  const judgement = judgementOf(viewpoint, action);
  return typeof judgement === 'boolean' ? judgement : judgement(target);
}

/** The keys of an object, or of the objects in a list, that have a value. */
function keysIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const objects = Array.isArray(value) ? (value as unknown[]).filter((item) => typeof item === 'object' && item !== null) : [value];
  return [...new Set(objects.flatMap((item) => Object.entries(item).flatMap(([key, inner]) => (inner === undefined ? [] : [key]))))];
}

/** Whether an attribute says something else than its preset does. */
function isSet(value: unknown, preset: unknown): boolean {
  return value !== undefined && value !== preset && JSON.stringify(value) !== JSON.stringify(preset);
}

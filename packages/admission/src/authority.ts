import {
  type Attributes,
  badRequest,
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
import { type Target, targetOf } from '@manx/policy';

/**
 * A refusal by policy, in oslo.policy's words: every rule that is asked of the request, whichever refused. Those of attributes stand in
 * brackets with the action's own, those of keys in an attribute's value in brackets with the attribute's (neutron `policy.py`, `_build_match_rule`).
 */
export function disallowed(action: string, ...attributes: readonly AttributeRules[]): Problem {
  const textOf = ({ rule, keys }: AttributeRules): string =>
    keys.length === 0 ? `rule:${rule}` : `(rule:${rule} and (${keys.map((key) => `rule:${key}`).join(' and ')}))`;
  return problem('PolicyNotAuthorized', { rule: attributes.reduce((all, one) => `(${all} and ${textOf(one)})`, `rule:${action}`) });
}

/** What is asked about an attribute that is set: its own rule, and those of the keys in its value. */
type AttributeRules = { readonly rule: string; readonly keys: readonly string[] };

/** The network that something is to be made on: not found when the actor may not know of it. */
export function networkFor(viewpoint: Viewpoint, id: string): Network | Problem {
  const network = viewpoint.state.get('network', id);
  return network !== undefined && isVisible(viewpoint, 'network', network) ? network : notFound('network', id);
}

/** Whether the actor may make this: what it is to be a part of must be visible, and the policy allow it with each attribute that is set. */
export function mayCreate(viewpoint: Viewpoint, kind: ResourceKind, item: Attributes): Problem | null {
  const { state, actor } = viewpoint;
  const target = itemTarget(kind, item, { state, actor, before: null });
  if (item['project_id'] !== actor.project_id && !allows(viewpoint, 'create_for_foreign_project', target)) return foreignProject();
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

/**
 * Whether the actor may do with this other thing what the rule is about (a rule beside the action's own, such as
 * `add_router_interface:foreign_subnet`): asked where the thing is not of the project that it should be of.
 */
export function mayUse(viewpoint: Viewpoint, rule: string, { kind, resource }: { kind: ResourceKind; resource: Resource }): boolean {
  const { state, actor } = viewpoint;
  return allows(viewpoint, rule, resourceTarget(kind, resource, { state, actor }));
}

/** Whether the actor would see a resource of the kind that is this project's, and that nothing else is known of. */
export function maySeeOf(viewpoint: Viewpoint, kind: ResourceKind, project: string): boolean {
  return allows(viewpoint, `get_${policyName(kind)}`, targetOf({ project_id: project, tenant_id: project }));
}

/** The refusal of an owner that is not the asking project, in Neutron's words. */
function foreignProject(): Problem {
  return badRequest("Specifying 'project_id' other than the authenticated project in request is not allowed for the current user.");
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
  const asked = set
    .map((name): AttributeRules => {
      const rule = `${action}:${name}`;
      return { rule, keys: keysIn(item[name]).flatMap((key) => (viewpoint.policy.has(`${rule}:${key}`) ? [`${rule}:${key}`] : [])) };
    })
    .filter(({ rule, keys }) => viewpoint.policy.has(rule) || keys.length > 0);
  const rules = [action, ...asked.flatMap(({ rule, keys }) => [...(viewpoint.policy.has(rule) ? [rule] : []), ...keys])];
  return rules.every((rule) => allows(viewpoint, rule, target)) ? null : disallowed(action, ...asked);
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

import type { Target } from '@manx/policy';
import { attributeValue, type Seen } from './attribute-value.js';
import { declarationOf } from './declarations.js';
import { policyName } from './policy-name.js';
import { resourceTarget } from './policy-target.js';
import type { Resource, ResourceKind } from './resource.js';
import { judgementOf, type Viewpoint } from './viewpoint.js';

/** One resource as an answer shows it. */
export type View = { readonly [attribute: string]: unknown };

/** What a view depends on besides the resource. */
export type ViewContext = Viewpoint & {
  /** The attributes asked for; empty for all. Unknown names are passed over, as in Neutron. */
  readonly fields: readonly string[];
};

/** An attribute of a view, and for whom: null, or what must hold of the resource. */
export type Shown = { readonly name: string; readonly test: ((target: Target) => boolean) | null };

/** The resource with what is computed, without what the actor may not see or did not ask for. */
export function view(kind: ResourceKind, resource: Resource, context: ViewContext): View {
  return viewer(kind, context)(resource);
}

/** `view` for many resources of a kind: what to show is decided once, but for what the policy decides by resource. */
export function viewer(kind: ResourceKind, context: ViewContext): (resource: Resource) => View {
  const { state, actor } = context;
  const seen: Seen = { declaration: declarationOf(kind), state, actor };
  const attributes = shownAttributes(kind, context);
  const isSame = attributes.every(({ test }) => test === null);
  return (resource) => {
    const target = isSame ? null : resourceTarget(kind, resource, { state, actor });
    const shown: { [attribute: string]: unknown } = {};
    for (const { name, test } of attributes) {
      if (test === null || target === null || test(target)) shown[name] = attributeValue(resource, name, seen);
    }
    return shown;
  };
}

/** What an answer shows of a kind to the actor, in the order of views: what `get_{kind}:{attribute}` does not refuse and was asked for. */
export function shownAttributes(kind: ResourceKind, context: ViewContext): Shown[] {
  const { policy, fields } = context;
  const asked = fields.length === 0 ? null : new Set(fields);
  const action = `get_${policyName(kind)}`;
  const whole = judgementOf(context, action);
  return Object.entries(declarationOf(kind).attributes).flatMap(([name, { seenBy }]): Shown[] => {
    if (seenBy === 'nobody' || (asked !== null && !asked.has(name))) return [];
    if (!policy.has(`${action}:${name}`)) return [{ name, test: null }];
    const judgement = judgementOf(context, `${action}:${name}`);
    if (judgement === false) return [];
    // What is asked of the attribute as of the whole resource has been answered: the resource would not be shown.
    return [{ name, test: judgement === true || judgement === whole ? null : judgement }];
  });
}

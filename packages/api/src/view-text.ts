import {
  type Actor,
  attributeValue,
  declarationOf,
  type Resource,
  type ResourceKind,
  type Shown,
  type StateReader,
  shownAttributes,
  type ViewContext,
  viewer,
} from '@manx/model';
import type { Policy } from '@manx/policy';
import { aroundTexts } from './around-texts.js';
import { KeptTexts } from './kept-texts.js';

/** What of a resource's text depends on the resource alone: a changed one is another value. By which attributes it shows. */
const texts = new Map<string, KeptTexts<string>>();

/** How many sorts of views are kept: a few a kind, as there are few sorts of people; a policy that makes more is served without. */
const SORTS_LIMIT = 200;

/**
 * Views of a kind as JSON text: the attributes that are the resource's own first, then those that are computed from others as well, then
 * those that are another for everybody. Never stale: what is kept depends on the resource's value alone, or on it and on kinds of which
 * nothing has changed since. To be used while the state stays as it is.
 */
export const viewTexter = (kind: ResourceKind, context: ViewContext): ((resource: Resource) => string) => {
  const { same, personal, sort } = context.fields.length === 0 ? planFor(kind, context) : NOTHING;
  const { state } = context;
  const textOf = texter(kind, context);
  const sameText = same.length === 0 ? null : keptTexts(sort, state, (resource, seen) => textOf(resource, same, seen));
  if (sameText === null) {
    const viewOf = viewer(kind, context);
    return (resource) => JSON.stringify(viewOf(resource));
  }
  if (personal.length === 0) return sameText;
  return (resource) => {
    const rest = textOf(resource, personal, state);
    return rest === '{}' ? sameText(resource) : `${sameText(resource).slice(0, -1)},${rest.slice(1)}`;
  };
};

/** Attributes whose text is the same for all who see them, and those that are another for everybody; none where it differs by resource what is seen. */
type Plan = { readonly same: readonly string[]; readonly personal: readonly string[]; readonly sort: Sort };
/** `isAround`: the text depends on more than the resource. */
type Sort = { readonly name: string; readonly isAround: boolean };

const NOTHING: Plan = { same: [], personal: [], sort: { name: '', isAround: false } };

/** What one and the same actor sees by one and the same policy, by kind. */
const plans = new WeakMap<Policy, WeakMap<Actor, Map<ResourceKind, Plan>>>();

const planFor = (kind: ResourceKind, context: ViewContext): Plan => {
  let byActor = plans.get(context.policy);
  if (byActor === undefined) plans.set(context.policy, (byActor = new WeakMap()));
  let byKind = byActor.get(context.actor);
  if (byKind === undefined) byActor.set(context.actor, (byKind = new Map()));
  let plan = byKind.get(kind);
  if (plan === undefined) byKind.set(kind, (plan = makePlan(kind, shownAttributes(kind, context))));
  return plan;
};

/** Parts attributes by what their computation looks at, as its parameters say: the resource, the state as well, the one who asks as well. */
const makePlan = (kind: ResourceKind, shown: readonly Shown[]): Plan => {
  if (shown.some(({ test }) => test !== null)) return NOTHING;
  const { computed } = declarationOf(kind);
  const looksAt = (name: string): number => computed[name]?.length ?? 0;
  const names = shown.map(({ name }) => name);
  const around = names.filter((name) => looksAt(name) === 2);
  const same = [...names.filter((name) => looksAt(name) < 2), ...around];
  return {
    same,
    personal: names.filter((name) => looksAt(name) > 2),
    sort: { name: `${kind} ${same.join(' ')}`, isAround: around.length > 0 },
  };
};

type Texter = (resource: Resource, names: readonly string[], state: StateReader) => string;

/** A JSON object of some attributes; what has no value is left out. */
const texter = (kind: ResourceKind, { actor }: ViewContext): Texter => {
  const declaration = declarationOf(kind);
  return (resource, names, state) => {
    const seen = { declaration, state, actor };
    const members: { [name: string]: unknown } = {};
    for (const name of names) members[name] = attributeValue(resource, name, seen);
    return JSON.stringify(members);
  };
};

/** Texts that are kept. Null when there are too many sorts of them. */
const keptTexts = (
  { name, isAround }: Sort,
  state: StateReader,
  make: (resource: Resource, state: StateReader) => string,
): ((resource: Resource) => string) | null => {
  if (isAround) return aroundTexts(state, name, make);
  const known = texts.get(name);
  if (known === undefined && texts.size >= SORTS_LIMIT) return null;
  const kept = known ?? new KeptTexts<string>();
  if (known === undefined) texts.set(name, kept);
  return (resource) => {
    let text = kept.get(resource);
    if (text === undefined) kept.set(resource, (text = make(resource, state)));
    return text;
  };
};

import { declarationOf, notFound, type Problem, policyName, problem, type Resource, type ResourceKind, TAG_LIMIT } from '@manx/model';
import { mayAct } from '../authority.js';
import type { Work } from '../work.js';

/** What is to become of a resource's tags: all of them replaced, some added, or one taken away. */
export type TagChange =
  | { readonly verb: 'replace' | 'add' | 'create'; readonly tags: readonly string[] }
  | { readonly verb: 'remove'; readonly tag: string }
  | { readonly verb: 'clear' };

/** What the policy calls each: a PUT is an update, a POST a creation. */
const POLICY_VERBS = { replace: 'update', add: 'update', create: 'create', remove: 'delete', clear: 'delete' } as const;

/** Changes a resource's tags, which is a revision of the resource when it changes them at all. */
export function changeTags(work: Work, at: { readonly kind: ResourceKind; readonly id: string }, change: TagChange): string[] | Problem {
  const { kind, id } = at;
  const [verb, name] = [POLICY_VERBS[change.verb], policyName(kind)];
  const action = work.policy.has(`${verb}_${name}:tags`) ? `${verb}_${name}:tags` : `update_${name}`;
  const refused = mayAct(work, { kind, id, action });
  if (refused !== null) return refused;
  const resource: Resource | undefined = work.state.get(kind, id);
  if (resource === undefined) return notFound(kind, id);
  const before = resource.tags ?? [];
  if (change.verb === 'remove' && !before.includes(change.tag)) return problem('TagNotFound', { tag: change.tag });
  const tags = after(before, change);
  if (tags.length > TAG_LIMIT) {
    const { collection } = declarationOf(kind);
    return problem('BadRequest', { resource: collection, msg: `The number of tags exceed the per-resource limit of ${TAG_LIMIT}` });
  }
  if (before.length !== tags.length || before.some((tag, at) => tag !== tags[at])) work.update(kind, resource, { tags });
  return [id];
}

function after(before: readonly string[], change: TagChange): readonly string[] {
  if (change.verb === 'clear') return [];
  if (change.verb === 'remove') return before.filter((tag) => tag !== change.tag);
  return [...new Set([...(change.verb === 'replace' ? [] : before), ...change.tags])].sort();
}

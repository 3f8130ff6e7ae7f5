import { declarationOf } from './declarations.js';
import { type Problem, problem } from './problem.js';
import type { ResourceKind } from './resource.js';

/** That there is no such resource, or none that the actor may see: the two are never told apart. */
export function notFound(kind: ResourceKind, id: string): Problem {
  return problem(declarationOf(kind).notFound as 'NetworkNotFound', { id: id.slice(0, 255) });
}

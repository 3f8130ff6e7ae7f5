import type { ErrorCode } from './error-table.js';
import { type Problem, problem } from './problem.js';
import type { ResourceKind } from './resource.js';

const CODES = {
  network: 'NetworkNotFound',
  subnet: 'SubnetNotFound',
  port: 'PortNotFound',
  security_group: 'SecurityGroupNotFound',
  security_group_rule: 'SecurityGroupRuleNotFound',
} as const satisfies { readonly [K in ResourceKind]: ErrorCode };

/** That there is no such resource, or none that the actor may see: the two are never told apart. */
export function notFound(kind: ResourceKind, id: string): Problem {
  return problem(CODES[kind], { id: id.slice(0, 255) });
}

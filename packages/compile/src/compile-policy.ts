import { compareIds, isProblem, type Policy, type PolicyRule, type Problem } from '@manx/hoststate';
import type { SecurityGroupRule } from '@manx/model';
import { compileRule } from './compile-rule.js';

/** A security group as hosts get it, the sets that it asks (ids, sorted), and the problems of rules that were left out. */
export type CompiledPolicy = { readonly policy: Policy; readonly sets: readonly string[]; readonly problems: readonly Problem[] };

/** The policy of a group with these rules, whatever their order. A rule that cannot be compiled is left out: it allows nothing (S16). */
export function compilePolicy(group: string, groupRules: Iterable<SecurityGroupRule>): CompiledPolicy {
  const rules: PolicyRule[] = [];
  const problems: Problem[] = [];
  for (const rule of groupRules) {
    const compiled = compileRule(rule);
    if (isProblem(compiled)) problems.push(compiled);
    else rules.push(compiled);
  }
  rules.sort((a, b) => compareIds(a.id, b.id));
  const sets = new Set(rules.flatMap(({ peer }) => (peer.kind === 'set' ? [peer.set] : [])));
  return { policy: { kind: 'policy', id: group, rules }, sets: [...sets].sort(compareIds), problems };
}

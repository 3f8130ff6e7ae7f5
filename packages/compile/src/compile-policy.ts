import { compareIds, isProblem, type Policy, type PolicyRule, type Problem } from '@manx/hoststate';
import type { StateReader } from '@manx/model';
import { compileRule } from './compile-rule.js';

/** A security group as hosts get it, the sets that it asks (ids, sorted), and the problems of rules that were left out. */
export type CompiledPolicy = { readonly policy: Policy; readonly sets: readonly string[]; readonly problems: readonly Problem[] };

/** The policy of a group: its rules, and whether flows are remembered. A rule that cannot be compiled is left out: it allows nothing (S16). */
export function compilePolicy(group: string, state: StateReader): CompiledPolicy {
  const rules: PolicyRule[] = [];
  const problems: Problem[] = [];
  for (const rule of state.by('security_group_rule.security_group_id', group)) {
    const compiled = compileRule(rule);
    if (isProblem(compiled)) problems.push(compiled);
    else rules.push(compiled);
  }
  rules.sort((a, b) => compareIds(a.id, b.id));
  const sets = new Set(rules.flatMap(({ peer }) => (peer.kind === 'set' ? [peer.set] : [])));
  return {
    policy: { kind: 'policy', id: group, isStateful: state.get('security_group', group)?.stateful ?? true, rules },
    sets: [...sets].sort(compareIds),
    problems,
  };
}

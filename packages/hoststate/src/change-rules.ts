import { compareIds } from './canonical-order.js';
import type { HostDelta, Policy, PolicyRule } from './host-state.js';
import type { Problem } from './problem.js';

/** Rules that come and go in a policy. */
export type RuleChange = Omit<HostDelta['rules'][number], 'policy'>;

/** What a policy's rules must lose and gain to become another's, both in order of ids: a rule that says something else goes and comes. */
export function diffRules(before: readonly PolicyRule[], after: readonly PolicyRule[]): RuleChange {
  const old = new Map(before.map((rule) => [rule.id, rule]));
  const remove = new Set(old.keys());
  const add: PolicyRule[] = [];
  for (const rule of after) {
    const known = old.get(rule.id);
    if (known !== undefined && isSameRule(known, rule)) remove.delete(rule.id);
    else add.push(rule);
  }
  return { remove: [...remove].sort(compareIds), add };
}

/** The policy after a change of its rules, removals first; rules that stay keep their reference. A problem where `applyDelta` says so. */
export function changeRules(policy: Policy, { remove, add }: RuleChange): Policy | Problem {
  const gone = new Set(remove);
  const kept = policy.rules.filter(({ id }) => !gone.has(id));
  if (gone.size !== remove.length || kept.length + gone.size !== policy.rules.length) return misfit(policy, 'has not the rules that go');
  const rules = [...kept, ...add].sort((a, b) => compareIds(a.id, b.id));
  if (rules.some(({ id }, at) => id === rules[at - 1]?.id)) return misfit(policy, 'has a rule already that comes');
  return { ...policy, rules };
}

const isSameRule = (a: PolicyRule, b: PolicyRule): boolean => a === b || JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));

/** A rule's values in one order, whatever that of its keys. */
function inOrder({ direction, family, protocol, ports, icmp, peer }: PolicyRule): readonly unknown[] {
  const who = peer.kind === 'cidr' ? peer.cidr : peer.kind === 'set' ? peer.set : null;
  return [direction, family, protocol, ports?.from, ports?.to, icmp?.type, icmp?.code, peer.kind, who];
}

function misfit(policy: Policy, detail: string): Problem {
  return { code: 'delta-does-not-fit', subject: `policy ${policy.id}`, detail };
}

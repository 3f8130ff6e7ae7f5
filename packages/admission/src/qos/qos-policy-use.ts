import { isVisible, notFound, type Problem, problem, QOS_TARGET_RULES, type QosTarget, qosRulesOf, qosRuleType } from '@manx/model';
import type { Work } from '../work.js';

/** What gets another policy, and which: null for none; `from` null also when it is being made, `object_id` then ''. */
export type QosPolicyChange = {
  readonly target: QosTarget;
  readonly object_id: string;
  readonly from: string | null;
  readonly to: string | null;
};

/**
 * Why a port, network or floating IP cannot get this policy in place of the one it has, if it cannot: the actor must be able to see both (what an
 * administrator put there, no other takes away), and every rule must mean something there.
 */
export function checkQosPolicyChange(work: Work, { target, object_id, from, to }: QosPolicyChange): Problem | null {
  if (from === to) return null;
  const { state } = work;
  const before = from === null ? undefined : state.get('qos_policy', from);
  if (before !== undefined && !isVisible(work, 'qos_policy', before)) {
    return problem('PolicyRemoveAuthorizationError', { policy_id: before.id });
  }
  if (to === null) return null;
  const policy = state.get('qos_policy', to);
  if (policy === undefined || !isVisible(work, 'qos_policy', policy)) return notFound('qos_policy', to);
  for (const { kind } of qosRulesOf(state, to)) {
    const rule_type = qosRuleType(kind);
    if (!QOS_TARGET_RULES[target].includes(rule_type)) return problem('QosRuleNotSupported', { rule_type, object_type: target, object_id });
  }
  return null;
}

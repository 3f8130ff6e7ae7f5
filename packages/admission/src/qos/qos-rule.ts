import {
  type Attributes,
  notFound,
  type Problem,
  problem,
  QOS_TARGET_RULES,
  type QosPolicy,
  type QosRule,
  type QosRuleKind,
  qosRulesOf,
  qosRuleType,
  type StateReader,
} from '@manx/model';
import type { KindRules } from '../rules.js';
import type { Work } from '../work.js';
import { qosPolicyUsersBySort } from './qos-policy-users.js';

/** The rules of a kind of QoS rule: each change is a revision of its policy, and is judged against the policy's other rules. */
export function qosRuleRules(kind: QosRuleKind): KindRules {
  return {
    create: (work, draft: never) => createRule(work, kind, draft),
    update: (work, rule: never, values: never) => updateRule(work, { kind, rule }, values),
    remove: (work, rule: never) => removeRule(work, kind, rule),
  };
}

type Draft = Attributes & { readonly qos_policy_id: string };

function createRule(work: Work, kind: QosRuleKind, draft: Draft): QosRule | Problem {
  const policy = work.state.get('qos_policy', draft.qos_policy_id);
  if (policy === undefined) return notFound('qos_policy', draft.qos_policy_id);
  const refused =
    conflict(work.state, { kind, id: null, policy, values: draft }) ?? unsupported(work, kind, policy) ?? placed(work.state, kind, policy);
  if (refused !== null) return refused;
  work.touch('qos_policy', policy.id);
  return work.create(kind, { ...draft, project_id: policy.project_id, description: '' });
}

function updateRule(
  work: Work,
  { kind, rule }: { readonly kind: QosRuleKind; readonly rule: QosRule },
  values: Attributes,
): QosRule | Problem {
  const policy = work.state.get('qos_policy', rule.qos_policy_id);
  if (policy === undefined) return notFound('qos_policy', rule.qos_policy_id);
  const refused = conflict(work.state, { kind, id: rule.id, policy, values: { ...rule, ...values } }) ?? placed(work.state, kind, policy);
  if (refused !== null) return refused;
  const after = work.update(kind, rule, values);
  if (after !== rule) work.touch('qos_policy', policy.id);
  return after;
}

function removeRule(work: Work, kind: QosRuleKind, rule: QosRule): Problem | null {
  const policy = work.state.get('qos_policy', rule.qos_policy_id);
  const refused = policy === undefined ? null : placed(work.state, kind, policy);
  if (refused !== null) return refused;
  work.touch('qos_policy', rule.qos_policy_id);
  work.delete(kind, rule.id);
  return null;
}

type Wish = { readonly kind: QosRuleKind; readonly id: string | null; readonly policy: QosPolicy; readonly values: Attributes };

/** Why the rule cannot stand beside the policy's others, as Neutron finds it (`objects/qos/qos_policy_validator.py`). */
function conflict(state: StateReader, { kind, id, policy, values }: Wish): Problem | null {
  const others = qosRulesOf(state, policy.id).filter(({ rule }) => rule.id !== id);
  for (const { kind: otherKind, rule: other } of others) {
    const clash = clashOf({ ...values, kind }, { ...other, kind: otherKind });
    if (clash === null) continue;
    const existing_rule = qosRuleType(otherKind);
    return problem('QoSRuleParameterConflict', {
      rule_value: clash.value,
      policy_id: policy.id,
      existing_rule,
      existing_value: clash.existing,
    });
  }
  const same = others.find(({ kind: otherKind, rule }) => otherKind === kind && directionOf(rule) === directionOf(values));
  if (same === undefined) return null;
  return problem('QoSRulesConflict', { new_rule_type: qosRuleType(kind), rule_id: same.rule.id, policy_id: policy.id });
}

type Said = Attributes & { readonly kind: QosRuleKind };
type Clash = { readonly value: string | number; readonly existing: string | number };

/** A minimum above the limit (of either direction, as in Neutron), or a packet rate for any direction beside one for a certain one. */
function clashOf(rule: Said, other: Said): Clash | null {
  const [min, max] = [Number(rule['min_kbps']), Number(rule['max_kbps'])];
  if (rule.kind === 'qos_minimum_bandwidth_rule' && other.kind === 'qos_bandwidth_limit_rule') {
    const limit = Number(other['max_kbps']);
    return limit < min ? { value: min, existing: limit } : null;
  }
  if (rule.kind === 'qos_bandwidth_limit_rule' && other.kind === 'qos_minimum_bandwidth_rule') {
    const least = Number(other['min_kbps']);
    return least > max ? { value: max, existing: least } : null;
  }
  if (rule.kind !== 'qos_minimum_packet_rate_rule' || other.kind !== rule.kind) return null;
  const [way, otherWay] = [directionOf(rule), directionOf(other)];
  return (way === 'any') === (otherWay === 'any') ? null : { value: way, existing: otherWay };
}

/** The direction of a rule; '' for the kinds that have none. */
function directionOf(rule: object): string {
  return 'direction' in rule ? String(rule.direction) : '';
}

/** A rule that means nothing on something that the policy is put on already. */
function unsupported(work: Work, kind: QosRuleKind, policy: QosPolicy): Problem | null {
  const rule_type = qosRuleType(kind);
  const user = qosPolicyUsersBySort(work, policy.id).find(({ target }) => !QOS_TARGET_RULES[target].includes(rule_type));
  if (user === undefined) return null;
  return problem('QosRuleNotSupported', { rule_type, object_type: user.object_type, object_id: user.object_id });
}

/** What Placement has given to instances for a policy's minimums stays as it is: Neutron says 501 then. */
function placed(state: StateReader, kind: QosRuleKind, policy: QosPolicy): Problem | null {
  if (kind !== 'qos_minimum_bandwidth_rule' && kind !== 'qos_minimum_packet_rate_rule') return null;
  const ofNetworks = state
    .by('network.qos_policy_id', policy.id)
    .flatMap((network) => state.by('port.network_id', network.id))
    .filter((port) => port.qos_policy_id === null);
  const isPlaced = [...state.by('port.qos_policy_id', policy.id), ...ofNetworks].some((port) => port.device_owner.startsWith('compute:'));
  return isPlaced ? problem('QosPlacementRuleInUse', {}) : null;
}

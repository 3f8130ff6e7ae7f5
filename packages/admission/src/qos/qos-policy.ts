import { type Problem, problem, type QosPolicy, type QosPolicyDraft, qosRulesOf } from '@manx/model';
import { dropSharing, setShared } from '../access/sharing.js';
import type { Work } from '../work.js';
import { qosPolicyUser } from './qos-policy-users.js';

/** Makes a policy without rules; as the project's default if it has none yet. */
export function createQosPolicy(work: Work, draft: QosPolicyDraft): QosPolicy | Problem {
  const { project_id, name, description, is_default, shared } = draft;
  const refused = is_default ? otherDefault(work, project_id, null) : null;
  if (refused !== null) return refused;
  const policy = work.create('qos_policy', { project_id, name, description, is_default });
  if (shared) setShared(work, { type: 'qos_policy', object: policy }, true);
  return policy;
}

/** Changes a policy: its name, whether it is its project's default, whether every project may use it. */
export function updateQosPolicy(work: Work, policy: QosPolicy, values: Partial<QosPolicyDraft>): QosPolicy | Problem {
  const { shared, project_id: _owner, ...own } = values;
  const refused = own.is_default === true ? otherDefault(work, policy.project_id, policy.id) : null;
  if (refused !== null) return refused;
  const needed = shared === undefined ? null : setShared(work, { type: 'qos_policy', object: policy }, shared);
  if (needed !== null) return needed;
  return work.update('qos_policy', policy, own);
}

/** Deletes a policy that nothing has, its rules and its RBAC policies with it. */
export function deleteQosPolicy(work: Work, policy: QosPolicy): Problem | null {
  const user = qosPolicyUser(work, policy.id);
  if (user !== null) return problem('QosPolicyInUse', { policy_id: policy.id, ...user });
  for (const { kind, rule } of qosRulesOf(work.state, policy.id)) work.delete(kind, rule.id);
  dropSharing(work, policy.id);
  work.delete('qos_policy', policy.id);
  return null;
}

function otherDefault(work: Work, project_id: string, id: string | null): Problem | null {
  const other = work.state.by('qos_policy.default_of', project_id).find((policy) => policy.id !== id);
  return other === undefined ? null : problem('QoSPolicyDefaultAlreadyExists', { project_id });
}

import type { ErrorEntry } from '../error-table.js';

/** What the kinds of this folder can refuse (neutron-lib `exceptions/qos.py`); see `ERROR_TABLE`. */
export const QOS_ERRORS = {
  QosPolicyNotFound: { status: 404, message: 'QoS policy {id} could not be found.' },
  QosRuleNotFound: { status: 404, message: 'QoS rule {id} could not be found.' },
  QoSPolicyDefaultAlreadyExists: { status: 409, message: 'A default QoS policy exists for project {project_id}.' },
  QosPolicyInUse: { status: 409, message: 'QoS Policy {policy_id} is used by {object_type} {object_id}.' },
  QosRuleNotSupported: { status: 409, message: 'Rule {rule_type} is not supported by {object_type} {object_id}' },
  QoSRuleParameterConflict: {
    status: 409,
    message:
      'Unable to add the rule with value {rule_value} to the policy {policy_id} as the existing rule of type {existing_rule} has value {existing_value}.',
  },
  QoSRulesConflict: {
    status: 409,
    message: 'Rule {new_rule_type} conflicts with rule {rule_id} which already exists in QoS Policy {policy_id}.',
  },
  PolicyRemoveAuthorizationError: {
    status: 403,
    message: 'Failed to remove provided policy {policy_id} because you are not authorized.',
  },
  QosPlacementRuleInUse: {
    status: 501,
    message: 'Cannot update QoS policies/rules backed by resources tracked in Placement',
    type: 'NotImplementedError',
  },
} as const satisfies { readonly [code: string]: ErrorEntry };

import type { PolicyRules } from '../policy-rule.js';
import { ADMIN, ANY_READER, either, MANAGER, PARENT_MANAGER, PARENT_READER, READER } from './personas.js';
import { attributes, operations, tags } from './rules-for.js';

const POLICY = { name: 'policy', noun: 'a QoS policy' };
const MANAGED = either(ADMIN, MANAGER);
const PARENTS = either(ADMIN, PARENT_MANAGER);

/** Kinds of QoS rules, as actions name them, and in words. */
const KINDS: { readonly [kind: string]: string } = {
  bandwidth_limit: 'a bandwidth limit',
  packet_rate_limit: 'a packet rate limit',
  dscp_marking: 'a DSCP marking',
  minimum_bandwidth: 'a minimum bandwidth',
  minimum_packet_rate: 'a minimum packet rate',
};

/** The kind that is reached through its policy only. */
const UNALIASED = 'packet_rate_limit';

function aliasRules(kind: string, noun: string): PolicyRules {
  return operations(
    { name: `alias_${kind}_rule`, noun: `${noun} without naming its QoS policy` },
    { get: `rule:get_policy_${kind}_rule`, update: `rule:update_policy_${kind}_rule`, delete: `rule:delete_policy_${kind}_rule` },
  );
}

/** The rules of each kind, reached through their policy, or by the shorter path that does not name it (`alias`). */
const KIND_RULES: PolicyRules = Object.assign(
  {},
  ...Object.entries(KINDS).flatMap(([kind, noun]) => [
    operations(
      { name: `policy_${kind}_rule`, noun: `${noun} of a QoS policy` },
      { create: PARENTS, get: either(ADMIN, PARENT_READER), update: PARENTS, delete: PARENTS },
    ),
    kind === UNALIASED ? {} : aliasRules(kind, noun),
  ]),
);

/** QoS: neutron `conf/policies/qos.py`. */
export const QOS_RULES: PolicyRules = {
  ...operations(POLICY, { create: MANAGED, get: either(ADMIN, READER, 'rule:shared_qos_policy'), update: MANAGED, delete: MANAGED }),
  ...attributes('create', POLICY, { [ADMIN]: ['shared'] }),
  ...attributes('update', POLICY, { [ADMIN]: ['shared'] }),
  ...tags(POLICY, MANAGED),
  ...operations({ name: 'rule_type', noun: 'the kinds of QoS rules' }, { get: ANY_READER }),
  ...KIND_RULES,
};

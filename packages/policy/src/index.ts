/** Who may do what: oslo.policy's rule language, Neutron's default policy, and the operator's file over it. */
export type { Credentials } from './credentials.js';
export { DEFAULT_POLICY } from './default-policy.js';
export { isNotServed } from './elsewhere.js';
export type { Judgement } from './judge.js';
export { type ParsedPolicyFile, parsePolicyFile } from './parse-policy-file.js';
export type { RuleText } from './parse-rule.js';
export { createPolicy, defaultPolicy, isPolicy, type Policy, type PolicyOptions } from './policy.js';
export { formatPolicyProblem, type PolicyProblem } from './policy-problem.js';
export type { PolicyRule, PolicyRules } from './policy-rule.js';
export { type Target, targetOf } from './target.js';

import type { Actor } from '@manx/model';
import { type Policy, targetOf } from '@manx/policy';
import { type Authenticator, isRefusal, type Refusal } from './authenticator.js';

/**
 * The authenticator, with the policy's word on who is an administrator (`context_is_admin`) where the operator has changed it. The
 * same actor stays the same: what the policy says of somebody is kept with it.
 */
export const withPolicyAdmins = (authenticator: Authenticator, policy: Policy): Authenticator => {
  if (policy.isDefault('context_is_admin')) return authenticator;
  const judged = new WeakMap<Actor, Actor>();
  const judge = (answer: Actor | Refusal): Actor | Refusal => {
    if (isRefusal(answer)) return answer;
    const known = judged.get(answer);
    if (known !== undefined) return known;
    const actor = { ...answer, is_admin: policy.allows('context_is_admin', answer, targetOf({})) };
    judged.set(answer, actor);
    return actor;
  };
  return {
    authenticate: (headers, line) => {
      const answer = authenticator.authenticate(headers, line);
      return answer instanceof Promise ? answer.then(judge) : judge(answer);
    },
  };
};

import type { Judgement, Policy } from '@manx/policy';
import { type Actor, SERVER_ACTOR } from './actor.js';
import type { StateReader } from './state-reader.js';

/** With whose eyes something is looked at: the state, who asks, and what the policy lets them see. */
export type Viewpoint = { readonly state: StateReader; readonly actor: Actor; readonly policy: Policy };

/** What the policy says of an action by the actor: yes, no, or a question about the target. The server itself is not asked. */
export function judgementOf({ actor, policy }: Pick<Viewpoint, 'actor' | 'policy'>, action: string): Judgement {
  return actor === SERVER_ACTOR || policy.judge(action, actor);
}

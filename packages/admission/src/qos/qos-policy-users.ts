import type { QosTarget, StateReader } from '@manx/model';

/** Something that a policy is put on. */
export type QosPolicyUser = { readonly object_type: string; readonly object_id: string; readonly target: QosTarget };

/** What Neutron calls each target in messages. */
const WORDS: { readonly [T in QosTarget]: string } = { port: 'port', network: 'network', floatingip: 'fip' };
const TARGETS: readonly QosTarget[] = ['port', 'network', 'floatingip'];

/** Something that the policy is put on; null when nothing has it. */
export function qosPolicyUser(state: StateReader, policyId: string): { readonly object_type: string; readonly object_id: string } | null {
  for (const target of TARGETS) {
    const [user] = state.by(`${target}.qos_policy_id`, policyId);
    if (user !== undefined) return { object_type: WORDS[target], object_id: user.id };
  }
  return null;
}

/** One of each sort of thing that the policy is put on. */
export function qosPolicyUsersBySort(state: StateReader, policyId: string): readonly QosPolicyUser[] {
  return TARGETS.flatMap((target) => {
    const [user] = state.by(`${target}.qos_policy_id`, policyId);
    return user === undefined ? [] : [{ target, object_type: WORDS[target], object_id: user.id }];
  });
}

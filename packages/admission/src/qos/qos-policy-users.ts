import { isVisible, type QosTarget, type Resource, type Viewpoint } from '@manx/model';

/** Something that a policy is put on. */
export type QosPolicyUser = { readonly object_type: string; readonly object_id: string; readonly target: QosTarget };

/** What Neutron calls each target in messages. */
const WORDS: { readonly [T in QosTarget]: string } = { port: 'port', network: 'network', floatingip: 'fip' };
const TARGETS: readonly QosTarget[] = ['port', 'network', 'floatingip'];

/** What stands for the id of something that the asker may not know of. */
const UNSEEN = 'of another project';

/** Something that the policy is put on, as a message may call it; null when nothing has it. What the actor may not know of has no id in it. */
export function qosPolicyUser(viewpoint: Viewpoint, policyId: string): { readonly object_type: string; readonly object_id: string } | null {
  const users = qosPolicyUsersBySort(viewpoint, policyId);
  const [first] = users;
  return users.find(({ object_id }) => object_id !== UNSEEN) ?? first ?? null;
}

/** One of each sort of thing that the policy is put on, one that the actor may know of when there is one. */
export function qosPolicyUsersBySort(viewpoint: Viewpoint, policyId: string): readonly QosPolicyUser[] {
  return TARGETS.flatMap((target) => {
    const users: readonly Resource[] = viewpoint.state.by(`${target}.qos_policy_id`, policyId);
    if (users.length === 0) return [];
    const seen = users.find((user) => isVisible(viewpoint, target, user));
    return [{ target, object_type: WORDS[target], object_id: seen?.id ?? UNSEEN }];
  });
}

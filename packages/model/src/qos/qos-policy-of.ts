import type { Port } from '../port.js';
import type { StateReader } from '../state-reader.js';

/** Device owners of the network's own ports: a network's policy is for instances, and not for these (neutron `objects/qos/rule.py`). */
const NETWORK_DEVICE = /^network:/;

/** The policy that new networks of the project get unless told; null for none. */
export function defaultQosPolicyOf(state: StateReader, projectId: string): string | null {
  return state.by('qos_policy.default_of', projectId)[0]?.id ?? null;
}

/** The id of the policy that holds for a port: its own, else its network's if it is an instance's; null for none. */
export function effectiveQosPolicyOf(state: StateReader, port: Port): string | null {
  if (port.qos_policy_id !== null) return port.qos_policy_id;
  if (NETWORK_DEVICE.test(port.device_owner)) return null;
  return state.get('network', port.network_id)?.qos_policy_id ?? null;
}

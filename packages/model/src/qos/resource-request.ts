import type { Port } from '../port.js';
import type { StateReader } from '../state-reader.js';
import { effectiveQosPolicyOf } from './qos-policy-of.js';

/** One group of what Placement is asked for: all of it from one provider that has the traits. */
type RequestGroup = {
  readonly id: string;
  readonly required: readonly string[];
  readonly resources: { readonly [resourceClass: string]: number };
};

/** Placement's classes of packet rate by direction (os-resource-classes). */
const PACKET_RATE = {
  any: 'NET_PACKET_RATE_KILOPACKET_PER_SEC',
  egress: 'NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC',
  ingress: 'NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC',
} as const;
const BANDWIDTH = { egress: 'NET_BW_EGR_KILOBIT_PER_SEC', ingress: 'NET_BW_IGR_KILOBIT_PER_SEC' } as const;

/**
 * What Nova must ask Placement for before it chooses a host (`resource_request`): the minimums of the policy that holds for the port; null for
 * none. Bandwidth is asked for of a physical network only, as in Neutron. Hosts do not enforce minimums: whoever fills Placement's inventories promises them.
 */
export function resourceRequest(
  port: Port,
  state: StateReader,
): { readonly request_groups: readonly RequestGroup[]; readonly same_subtree: readonly string[] } | null {
  const policy = effectiveQosPolicyOf(state, port);
  if (policy === null) return null;
  const groups = [bandwidthGroup(port, state, policy), packetRateGroup(port, state, policy)].filter((group) => group !== null);
  return groups.length === 0 ? null : { request_groups: groups, same_subtree: groups.map(({ id }) => id) };
}

function bandwidthGroup(port: Port, state: StateReader, policy: string): RequestGroup | null {
  const rules = state.by('qos_minimum_bandwidth_rule.qos_policy_id', policy);
  const physical = state.get('network', port.network_id)?.['provider:physical_network'] ?? null;
  if (rules.length === 0 || physical === null) return null;
  return {
    id: groupId(port.id, 0),
    required: [trait('PHYSNET', physical), trait('VNIC_TYPE', port['binding:vnic_type'])],
    resources: Object.fromEntries(rules.map(({ direction, min_kbps }) => [BANDWIDTH[direction], min_kbps])),
  };
}

function packetRateGroup(port: Port, state: StateReader, policy: string): RequestGroup | null {
  const rules = state.by('qos_minimum_packet_rate_rule.qos_policy_id', policy);
  if (rules.length === 0) return null;
  return {
    id: groupId(port.id, 1),
    required: [trait('VNIC_TYPE', port['binding:vnic_type'])],
    resources: Object.fromEntries(rules.map(({ direction, min_kpps }) => [PACKET_RATE[direction], min_kpps])),
  };
}

/** A trait of Placement: upper case letters, digits and underscores. */
function trait(kind: string, name: string): string {
  return `CUSTOM_${kind}_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`;
}

/** A UUID of a port's own for each of its groups, the same each time: the port's, as version 8 (RFC 9562) with the group's number in front. */
function groupId(portId: string, group: number): string {
  return `${portId.slice(0, 14)}8${group.toString(16)}${portId.slice(16)}`;
}

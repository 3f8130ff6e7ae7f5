import {
  AVAILABILITY_ZONE,
  defaultQosPolicyOf,
  isProblem,
  isVisible,
  type Network,
  type NetworkDraft,
  type Problem,
  problem,
} from '@manx/model';
import { dropSharing, setExternal, setShared } from './access/sharing.js';
import { dropTopology } from './addressing/drop-topology.js';
import { addFirstSegment } from './addressing/segment.js';
import { ensureDefaultGroup } from './default-group.js';
import { isSelfRemoving } from './device-owner.js';
import { endPort } from './port-release.js';
import { checkProviderUpdate, providerOf } from './provider-network.js';
import { checkQosPolicyChange } from './qos/qos-policy-use.js';
import { leadsTo } from './routing/connections.js';
import { deleteFloatingIp } from './routing/floating-ip.js';
import type { Work } from './work.js';

/** The least that IPv4 (RFC 791) and IPv6 (RFC 8200, section 5) must carry, in bytes. */
const LEAST_MTU = { 4: 68, 6: 1280 } as const;

/** How many ids a refusal lists. */
const LISTED = 20;

/** Makes a network, and the RBAC policies that open it to everyone where it is shared or external. */
export function createNetwork(work: Work, draft: NetworkDraft): Network | Problem {
  const provider = providerOf(work, draft);
  if (isProblem(provider)) return provider;
  const mtu = checkedMtu(work, draft.mtu ?? 0);
  if (isProblem(mtu)) return mtu;
  const qos = draft.qos_policy_id ?? defaultQosPolicyOf(work.state, draft.project_id);
  const wrong =
    checkZones(draft.availability_zone_hints) ??
    checkDefault(work, { id: null, is_default: draft.is_default, 'router:external': draft['router:external'] }) ??
    checkQosPolicyChange(work, { target: 'network', object_id: '', from: null, to: qos });
  if (wrong !== null) return wrong;
  ensureDefaultGroup(work, draft.project_id);
  const { project_id, name, description, admin_state_up, is_default, port_security_enabled, availability_zone_hints, dns_domain } = draft;
  const network = work.create('network', {
    project_id,
    name,
    description,
    admin_state_up,
    mtu,
    status: 'ACTIVE',
    'router:external': draft['router:external'],
    is_default,
    port_security_enabled,
    ...provider,
    availability_zone_hints,
    dns_domain,
    qos_policy_id: qos,
  });
  addFirstSegment(work, network);
  if (draft['router:external']) setExternal(work, network, true);
  return (draft.shared ? setShared(work, { type: 'network', object: network }, true) : null) ?? network;
}

/** Changes a network. Whom it is shared with, and for whom it is external, its RBAC policies say. */
export function updateNetwork(work: Work, network: Network, values: Partial<NetworkDraft>): Network | Problem {
  const { shared: isShared, 'provider:network_type': _type, 'provider:physical_network': _physical, ...rest } = values;
  const { 'provider:segmentation_id': _segment, mtu: askedMtu, ...settable } = rest;
  const isExternal = values['router:external'] ?? network['router:external'];
  const isDefault = values.is_default ?? (isExternal && network.is_default);
  const wrong =
    checkProviderUpdate(network, values) ??
    (isExternal || !network['router:external'] ? null : checkInternal(work, network)) ??
    checkDefault(work, { id: network.id, is_default: isDefault, 'router:external': isExternal }) ??
    checkQosPolicyChange(work, {
      target: 'network',
      object_id: network.id,
      from: network.qos_policy_id,
      to: values.qos_policy_id === undefined ? network.qos_policy_id : values.qos_policy_id,
    });
  if (wrong !== null) return wrong;
  const mtu = askedMtu === undefined ? network.mtu : changedMtu(work, network, askedMtu);
  if (isProblem(mtu)) return mtu;
  const needed = isShared === undefined ? null : setShared(work, { type: 'network', object: network }, isShared);
  if (needed !== null) return needed;
  if (isExternal !== network['router:external']) setExternal(work, network, isExternal);
  return work.update('network', network, { ...settable, is_default: isDefault, mtu });
}

/**
 * Deletes a network that has no ports but such as go with it, its subnets and segments, and its floating IPs that lead nowhere
 * (neutron `db/l3_db.py`, `delete_disassociated_floatingips`).
 */
export function deleteNetwork(work: Work, network: Network): Problem | null {
  for (const floatingIp of work.state.by('floatingip.floating_network_id', network.id)) {
    const kept = leadsTo(work.state, floatingIp).length > 0 ? null : deleteFloatingIp(work, floatingIp);
    if (kept !== null) return kept;
  }
  const ports = work.state.by('port.network_id', network.id);
  const staying = ports.filter((port) => !isSelfRemoving(port.device_owner));
  if (staying.length > 0) {
    const seen = staying.filter((port) => isVisible(work, 'port', port)).map(({ id }) => id);
    const listed = seen.sort().slice(0, LISTED).join(',') + (staying.length > Math.min(seen.length, LISTED) ? ' and more' : '');
    return problem('NetworkInUse', {
      id: network.id,
      reason: `There are one or more ports still in use on the network, id for these ports is: ${listed}`,
    });
  }
  for (const port of ports) endPort(work, port);
  for (const subnet of work.state.by('subnet.network_id', network.id)) work.delete('subnet', subnet.id);
  for (const segment of work.state.by('segment.network_id', network.id)) work.delete('segment', segment.id);
  for (const speaker of work.state.by('bgp_speaker.network', network.id)) {
    work.update('bgp_speaker', speaker, { networks: speaker.networks.filter((id) => id !== network.id) });
  }
  dropSharing(work, network.id);
  dropTopology(work, network.id);
  work.delete('network', network.id);
  return null;
}

/** Why a subnet of this family cannot be on the network, if it cannot. */
export function mtuConflict(network: Network, ipVersion: 4 | 6): Problem | null {
  return network.mtu < LEAST_MTU[ipVersion] ? problem('NetworkMTUSubnetConflict', { id: network.id, mtu: LEAST_MTU[ipVersion] }) : null;
}

/** The MTU to store: 0 asks for the most there is. */
function checkedMtu(work: Work, asked: number): number | Problem {
  const most = work.context.settings.mtu;
  if (asked === 0) return most;
  if (asked > most) return problem('InvalidInput', { error_message: `Requested MTU is too big, maximum is ${most}` });
  if (asked < LEAST_MTU[4]) return problem('InvalidInput', { error_message: `Requested MTU is too small, minimum is ${LEAST_MTU[4]}` });
  return asked;
}

function changedMtu(work: Work, network: Network, asked: number): number | Problem {
  const mtu = checkedMtu(work, asked);
  if (isProblem(mtu)) return mtu;
  for (const { ip_version } of work.state.by('subnet.network_id', network.id)) {
    if (mtu < LEAST_MTU[ip_version]) return problem('NetworkMTUSubnetConflict', { id: network.id, mtu: LEAST_MTU[ip_version] });
  }
  return mtu;
}

function checkZones(hints: readonly string[]): Problem | null {
  const unknown = hints.find((hint) => hint !== AVAILABILITY_ZONE);
  return unknown === undefined ? null : problem('AvailabilityZoneNotFound', { availability_zone: unknown });
}

/** One default network, and an external one: Neutron forgets the wish for another, here it is refused. */
function checkDefault(
  work: Work,
  wanted: Pick<Network, 'is_default' | 'router:external'> & { readonly id: string | null },
): Problem | null {
  if (!wanted.is_default) return null;
  if (!wanted['router:external']) return problem('InvalidInput', { error_message: 'is_default is for external networks' });
  const other = work.state.by('network.default', 'true').find(({ id }) => id !== wanted.id);
  return other === undefined ? null : problem('DefaultExternalNetworkExists', { net_id: other.id });
}

/** That nobody gets outside by a network that is to be external no longer. Beyond Neutron, a floating IP keeps it too: it would lead nowhere. */
function checkInternal(work: Work, network: Network): Problem | null {
  const isUsed =
    work.state.countBy('floatingip.floating_network_id', network.id) > 0 || work.state.countBy('router.gateway_network_id', network.id) > 0;
  return isUsed ? problem('ExternalNetworkInUse', { net_id: network.id }) : null;
}

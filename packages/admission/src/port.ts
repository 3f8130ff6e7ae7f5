import { type FixedIpWish, isProblem, type Network, notFound, type Port, type PortDraft, type Problem, problem } from '@manx/model';
import { addressPairs } from './address-pairs.js';
import { checkNear } from './addressing/segment-reach.js';
import { networkFor } from './authority.js';
import { bindingTo, reboundTo } from './binding.js';
import { claimsKept } from './claims.js';
import { ensureDefaultGroup } from './default-group.js';
import { isAdminPort } from './device-owner.js';
import { mergedOptions } from './dhcp-options.js';
import { addressesOf, changedAddresses, type Holder, isDeferred, lostGateway } from './fixed-ips.js';
import { checkDeletion, checkDevice } from './held-device.js';
import { askedMac, newMac } from './mac.js';
import { endPort, letGoOfAddresses } from './port-release.js';
import { changedProtection, protectionOf } from './port-security.js';
import { checkQosPolicyChange } from './qos/qos-policy-use.js';
import { endVisits } from './report.js';
import { refuseAddresses } from './routing/held-port.js';
import { isAutoAddressed } from './subnet-shape.js';
import type { Work } from './work.js';

/** Makes a port: its MAC, its addresses, its protection (the default group unless told), its binding. */
export function createPort(work: Work, draft: PortDraft): Port | Problem {
  const network = networkFor(work, draft.network_id);
  if (isProblem(network)) return network;
  const wrong =
    checkDevice(work, null, draft) ?? checkQosPolicyChange(work, { target: 'port', object_id: '', from: null, to: draft.qos_policy_id });
  if (wrong !== null) return wrong;
  const { mac_address: asked = null } = draft;
  const mac = asked === null ? newMac(work, network.id) : askedMac(work, asked, { id: null, network_id: network.id });
  if (isProblem(mac)) return mac;
  const holder: Holder = { id: null, held: [], mac, device_owner: draft.device_owner, network, host: draft['binding:host_id'] ?? '' };
  const addressed = newAddresses(work, holder, draft.fixed_ips);
  if (isProblem(addressed)) return addressed;
  const defaultGroup = ensureDefaultGroup(work, draft.project_id).id;
  const protection = protectionOf(work, draft, { network, fixed_ips: addressed.fixed_ips, defaultGroup });
  if (isProblem(protection)) return protection;
  const pairs = addressPairs(work, { mac_address: mac, network_id: network.id }, draft.allowed_address_pairs ?? []);
  if (isProblem(pairs)) return pairs;
  return work.create('port', {
    project_id: draft.project_id,
    name: draft.name,
    description: draft.description,
    network_id: network.id,
    admin_state_up: draft.admin_state_up,
    mac_address: mac,
    device_id: draft.device_id,
    device_owner: draft.device_owner,
    allowed_address_pairs: pairs,
    extra_dhcp_opts: mergedOptions([], draft.extra_dhcp_opts ?? []),
    qos_policy_id: draft.qos_policy_id,
    dns_name: draft.dns_name,
    dns_domain: draft.dns_domain,
    propagate_uplink_status: draft.propagate_uplink_status,
    numa_affinity_policy: draft.numa_affinity_policy,
    hints: draft.hints,
    'binding:vnic_type': draft['binding:vnic_type'],
    'binding:profile': draft['binding:profile'] ?? {},
    ...(draft.tags === undefined || draft.tags.length === 0 ? {} : { tags: draft.tags }),
    ...addressed,
    ...protection,
    ...bindingTo(draft['binding:host_id'] ?? '', draft, work),
  });
}

/** Changes a port. Another host means another binding, and BUILD until that host says how it is. */
export function updatePort(work: Work, port: Port, values: Partial<PortDraft>): Port | Problem {
  const network = work.state.get('network', port.network_id);
  if (network === undefined) return notFound('port', port.id);
  const wrong = checkUpdate(work, port, values);
  if (wrong !== null) return wrong;
  const mac = values.mac_address === undefined ? port.mac_address : changedMac(work, port, values.mac_address);
  if (isProblem(mac)) return mac;
  const fixedIps = nextAddresses(work, { port, mac, network }, values);
  if (isProblem(fixedIps)) return fixedIps;
  const protection = changedProtection(work, port, values);
  if (isProblem(protection)) return protection;
  const pairs = nextPairs(work, port, values);
  if (isProblem(pairs)) return pairs;
  const host = values['binding:host_id'];
  const { fixed_ips: _wishes, network_id: _network, project_id: _owner, tags: _tags, ...rest } = values;
  const { extra_dhcp_opts: options, allowed_address_pairs: _pairs, mac_address: _mac, ...settable } = rest;
  if (host !== undefined && host !== port['binding:host_id']) endBindingTo(work, port.id, host);
  work.update('port', port, {
    ...settable,
    mac_address: mac,
    fixed_ips: fixedIps,
    ...protection,
    allowed_address_pairs: pairs,
    ...claimsKept(port, pairs, host ?? port['binding:host_id']),
    ...(options === undefined ? {} : { extra_dhcp_opts: mergedOptions(port.extra_dhcp_opts, options) }),
    ...(host === undefined ? {} : reboundTo(host, { ...port, admin_state_up: values.admin_state_up ?? port.admin_state_up }, work)),
  });
  endVisits(work, port.id);
  return work.state.get('port', port.id) ?? port;
}

/** Deletes a port, unless a router or floating IP counts on it. */
export function deletePort(work: Work, port: Port): Problem | null {
  const refused = checkDeletion(work, port);
  if (refused === null) endPort(work, port);
  return refused;
}

type Addressed = Required<Pick<Port, 'fixed_ips' | 'ip_allocation'>>;

/** The first addresses of a port: none when none is what was asked for, or when only its host will tell which subnets are near. */
function newAddresses(work: Work, holder: Holder, wishes: readonly FixedIpWish[] | undefined): Addressed | Problem {
  if (wishes === undefined && isDeferred(work.state, holder)) return { fixed_ips: [], ip_allocation: 'deferred' };
  const fixed_ips = addressesOf(work, holder, wishes);
  return isProblem(fixed_ips) ? fixed_ips : { fixed_ips, ip_allocation: wishes?.length === 0 ? 'none' : 'immediate' };
}

function checkUpdate(work: Work, port: Port, values: Partial<PortDraft>): Problem | null {
  const { qos_policy_id: qos = port.qos_policy_id, numa_affinity_policy: numa = port.numa_affinity_policy } = values;
  if (numa !== port.numa_affinity_policy && port['binding:vif_type'] === 'tap') {
    return problem('PortBoundNUMAAffinityPolicy', { id: port.id, host_id: port['binding:host_id'], numa_affinity_policy: numa ?? 'None' });
  }
  return (
    checkDevice(work, port, values) ?? checkQosPolicyChange(work, { target: 'port', object_id: port.id, from: port.qos_policy_id, to: qos })
  );
}

/** A MAC in use by a plugged-in interface cannot change under it, nor that of a port of the network's own; null asks for a new one. */
function changedMac(work: Work, port: Port, asked: Port['mac_address'] | null): Port['mac_address'] | Problem {
  if (asked === port.mac_address) return asked;
  if (isAdminPort(port.device_owner)) {
    return problem('UnsupportedPortDeviceOwner', { op: 'mac address update', device_owner: port.device_owner, id: port.id });
  }
  const mac = asked === null ? newMac(work, port.network_id) : askedMac(work, asked, port);
  if (isProblem(mac) || port['binding:vif_type'] !== 'tap') return mac;
  return problem('PortBound', { id: port.id, vif_type: 'tap', old_mac: port.mac_address, new_mac: mac });
}

type Next = { readonly port: Port; readonly mac: Port['mac_address']; readonly network: Network };

/**
 * The addresses after an update: another MAC means other addresses where they make themselves; a first host means the first addresses
 * of a port that waited for it. What led to an address that goes is let go of.
 */
function nextAddresses(work: Work, { port, mac, network }: Next, values: Partial<PortDraft>): Port['fixed_ips'] | Problem {
  const device_owner = values.device_owner ?? port.device_owner;
  const host = values['binding:host_id'] ?? port['binding:host_id'];
  const holder: Holder = { id: port.id, held: port.fixed_ips, mac, device_owner, network, host };
  const isMoved = host !== port['binding:host_id'];
  const isDue = port.ip_allocation === 'deferred' && isMoved && port['binding:host_id'] === '' && port.fixed_ips.length === 0;
  const wishes = values.fixed_ips ?? (isDue ? undefined : unasked(work, port, holder));
  // A gateway's address is not an instance's: a port that is to be one's is judged again.
  const stays = values.fixed_ips === undefined ? lostGateway(work.state, holder) : null;
  const far = stays ?? (isMoved && values.fixed_ips === undefined ? checkNear(work.state, host, port) : null);
  if (wishes === null || far !== null) return far ?? port.fixed_ips;
  const next = wishes === undefined ? addressesOf(work, holder, undefined) : changedAddresses(work, holder, wishes);
  const refused = isProblem(next) ? next : refuseAddresses(work.state, port, next);
  if (isProblem(next) || refused !== null) return refused ?? next;
  letGoOfAddresses(work, port, next);
  return next;
}

/** The addresses to ask for again although nobody asked; null when there is no need to. */
function unasked(work: Work, port: Port, holder: Holder): readonly FixedIpWish[] | null {
  // A gateway's address is for the network's own ports: one that ceases to be one is judged again.
  const isSameSort = isAdminPort(holder.device_owner) === isAdminPort(port.device_owner);
  if (holder.mac === port.mac_address && isSameSort) return null;
  const isAuto = (subnetId: string): boolean => {
    const subnet = work.state.get('subnet', subnetId);
    return subnet !== undefined && isAutoAddressed(subnet);
  };
  return port.fixed_ips.filter(({ subnet_id }) => !isAuto(subnet_id));
}

function nextPairs(work: Work, port: Port, { allowed_address_pairs: wishes }: Partial<PortDraft>): Port['allowed_address_pairs'] | Problem {
  return wishes === undefined ? port.allowed_address_pairs : addressPairs(work, port, wishes);
}

/** The port's own binding to a host takes the place of one that waited there. */
function endBindingTo(work: Work, port: string, host: string): void {
  for (const binding of work.state.by('port_binding.port_id', port)) if (binding.host === host) work.delete('port_binding', binding.id);
}

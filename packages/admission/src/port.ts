import {
  type FixedIpWish,
  isPrivileged,
  isProblem,
  type Network,
  notFound,
  type Port,
  type PortDraft,
  type Problem,
  problem,
} from '@manx/model';
import { disallowed, isNetworkOwner, networkFor } from './authority.js';
import { bindingTo, reboundTo } from './binding.js';
import { ensureDefaultGroup } from './default-group.js';
import { isAdminPort } from './device-owner.js';
import { addressesOf, changedAddresses, type Holder } from './fixed-ips.js';
import { askedMac, newMac } from './mac.js';
import { isAutoAddressed } from './subnet-shape.js';
import type { Work } from './work.js';

/** Makes a port: its MAC, its addresses, its groups (the default one unless told), its binding. */
export function createPort(work: Work, draft: PortDraft): Port | Problem {
  const network = networkFor(work.state, work.actor, draft.network_id);
  if (isProblem(network)) return network;
  const refused = refusedAttribute(work, { action: 'create_port', network, values: draft });
  if (refused !== null) return refused;
  const mac =
    draft.mac_address === undefined ? newMac(work, network.id) : askedMac(work, draft.mac_address, { id: null, network_id: network.id });
  if (isProblem(mac)) return mac;
  const groups = groupsOf(work, draft);
  if (isProblem(groups)) return groups;
  const holder: Holder = { id: null, held: [], mac, device_owner: draft.device_owner, network };
  const fixedIps = addressesOf(work, holder, draft.fixed_ips);
  if (isProblem(fixedIps)) return fixedIps;
  return work.create('port', {
    project_id: draft.project_id,
    name: draft.name,
    description: draft.description,
    network_id: network.id,
    admin_state_up: draft.admin_state_up,
    mac_address: mac,
    fixed_ips: fixedIps,
    device_id: draft.device_id,
    device_owner: draft.device_owner,
    security_groups: groups,
    'binding:vnic_type': draft['binding:vnic_type'],
    'binding:profile': draft['binding:profile'] ?? {},
    ...bindingTo(draft['binding:host_id'] ?? '', work.context),
  });
}

/** Changes a port. Another host means another binding, and DOWN until that host has it. */
export function updatePort(work: Work, port: Port, values: Partial<PortDraft>): Port | Problem {
  const network = work.state.get('network', port.network_id);
  if (network === undefined) return notFound('port', port.id);
  const refused = refusedAttribute(work, { action: 'update_port', network, values });
  if (refused !== null) return refused;
  const mac = values.mac_address === undefined ? port.mac_address : changedMac(work, port, values.mac_address);
  if (isProblem(mac)) return mac;
  const groups = values.security_groups === undefined ? port.security_groups : checkedGroups(work, values.security_groups);
  if (isProblem(groups)) return groups;
  const holder: Holder = { id: port.id, held: port.fixed_ips, mac, device_owner: values.device_owner ?? port.device_owner, network };
  const fixedIps = nextAddresses(work, { holder, port }, values.fixed_ips);
  if (isProblem(fixedIps)) return fixedIps;
  const host = values['binding:host_id'];
  const { fixed_ips: _wishes, network_id: _network, project_id: _owner, ...settable } = values;
  return work.update('port', port, {
    ...settable,
    mac_address: mac,
    security_groups: groups,
    fixed_ips: fixedIps,
    ...(host === undefined ? {} : reboundTo(host, port, work.context)),
  });
}

/** Deletes a port. */
export function deletePort(work: Work, port: Port): Problem | null {
  work.delete('port', port.id);
  return null;
}

/** What the default policy keeps from whoever is neither an administrator nor a service, nor (for some) the network's owner. */
function refusedAttribute(
  work: Work,
  asked: { action: 'create_port' | 'update_port'; network: Network; values: Partial<PortDraft> },
): Problem | null {
  const { action, network, values } = asked;
  if (isPrivileged(work.actor)) return null;
  for (const name of ['binding:host_id', 'binding:profile'] as const) if (values[name] !== undefined) return disallowed(action, name);
  if (values.device_owner !== undefined && isAdminPort(values.device_owner)) return disallowed(action, 'device_owner');
  if (values.mac_address !== undefined && action === 'update_port') return disallowed(action, 'mac_address');
  if (isNetworkOwner(work.actor, network)) return null;
  if (values.mac_address !== undefined) return disallowed(action, 'mac_address');
  if (values.fixed_ips?.some(({ ip_address }) => ip_address !== undefined) === true) return disallowed(action, 'fixed_ips:ip_address');
  return null;
}

/** A MAC in use by a plugged-in interface cannot change under it. */
function changedMac(work: Work, port: Port, mac: Port['mac_address']): Port['mac_address'] | Problem {
  if (mac === port.mac_address) return mac;
  if (port['binding:vif_type'] === 'tap') {
    return problem('PortBound', { id: port.id, vif_type: 'tap', old_mac: port.mac_address, new_mac: mac });
  }
  return askedMac(work, mac, port);
}

/** The addresses after an update: another MAC means other addresses where they make themselves. */
function nextAddresses(
  work: Work,
  { holder, port }: { holder: Holder; port: Port },
  wishes: readonly FixedIpWish[] | undefined,
): Port['fixed_ips'] | Problem {
  if (wishes !== undefined) return changedAddresses(work, holder, wishes);
  // A gateway's address is for the network's own ports: one that ceases to be one is judged again.
  const isSameSort = isAdminPort(holder.device_owner) === isAdminPort(port.device_owner);
  if (holder.mac === port.mac_address && isSameSort) return port.fixed_ips;
  const isAuto = (subnetId: string): boolean => {
    const subnet = work.state.get('subnet', subnetId);
    return subnet !== undefined && isAutoAddressed(subnet);
  };
  return changedAddresses(
    work,
    holder,
    port.fixed_ips.filter(({ subnet_id }) => !isAuto(subnet_id)),
  );
}

function groupsOf(work: Work, draft: PortDraft): readonly string[] | Problem {
  const fallback = ensureDefaultGroup(work, draft.project_id);
  if (draft.security_groups !== undefined) return checkedGroups(work, draft.security_groups);
  return isAdminPort(draft.device_owner) ? [] : [fallback.id];
}

/** The groups sorted; those of other projects are not found, but for the privileged. */
function checkedGroups(work: Work, ids: readonly string[]): readonly string[] | Problem {
  for (const id of ids) {
    const group = work.state.get('security_group', id);
    const isUsable = group !== undefined && (isPrivileged(work.actor) || group.project_id === work.actor.project_id);
    if (!isUsable) return notFound('security_group', id);
  }
  return [...ids].sort();
}

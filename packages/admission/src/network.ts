import { isPrivileged, isProblem, type Network, type NetworkDraft, type Problem, problem } from '@manx/model';
import { disallowed } from './authority.js';
import { ensureDefaultGroup } from './default-group.js';
import type { Work } from './work.js';

/** The least that IPv4 (RFC 791) and IPv6 (RFC 8200, section 5) must carry, in bytes. */
const LEAST_MTU = { 4: 68, 6: 1280 } as const;

/** Makes a network. */
export function createNetwork(work: Work, draft: NetworkDraft): Network | Problem {
  if (draft.shared && !isPrivileged(work.actor)) return disallowed('create_network', 'shared');
  const mtu = checkedMtu(work, draft.mtu ?? 0);
  if (isProblem(mtu)) return mtu;
  ensureDefaultGroup(work, draft.project_id);
  const { project_id, name, description, admin_state_up, shared } = draft;
  return work.create('network', { project_id, name, description, admin_state_up, shared, mtu, status: 'ACTIVE' });
}

/** Changes a network. */
export function updateNetwork(work: Work, network: Network, values: Partial<NetworkDraft>): Network | Problem {
  if (values.shared !== undefined && !isPrivileged(work.actor)) return disallowed('update_network', 'shared');
  if (values.shared === false && network.shared && isUsedByOthers(work, network))
    return problem('InvalidSharedSetting', { id: network.id });
  if (values.mtu === undefined) return work.update('network', network, values);
  const mtu = checkedMtu(work, values.mtu);
  if (isProblem(mtu)) return mtu;
  for (const { ip_version } of work.state.by('subnet.network_id', network.id)) {
    if (mtu < LEAST_MTU[ip_version]) return problem('NetworkMTUSubnetConflict', { id: network.id, mtu: LEAST_MTU[ip_version] });
  }
  return work.update('network', network, { ...values, mtu });
}

/** Deletes a network that has no ports, and its subnets with it. */
export function deleteNetwork(work: Work, network: Network): Problem | null {
  const ports = work.state.by('port.network_id', network.id);
  if (ports.length > 0) {
    const ids = ports.map((port) => port.id).sort();
    const listed = ids.slice(0, 20).join(', ') + (ids.length > 20 ? ' and more' : '');
    return problem('NetworkInUse', {
      id: network.id,
      reason: `There are one or more ports still in use on the network, id for these ports is: ${listed}`,
    });
  }
  for (const subnet of work.state.by('subnet.network_id', network.id)) work.delete('subnet', subnet.id);
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

function isUsedByOthers(work: Work, network: Network): boolean {
  const isForeign = ({ project_id }: { readonly project_id: string }): boolean => project_id !== network.project_id;
  return work.state.by('port.network_id', network.id).some(isForeign) || work.state.by('subnet.network_id', network.id).some(isForeign);
}

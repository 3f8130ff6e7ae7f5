import { isSharedWith, type Network, notFound, type Port, type PortDraft, type Problem, problem } from '@manx/model';
import { mayUse } from './authority.js';
import { isAdminPort } from './device-owner.js';
import type { Work } from './work.js';

/** What a port is protected by. */
export type Protection = Pick<Port, 'port_security_enabled' | 'security_groups'>;

/** A new port, as far as its protection depends on it. */
type NewPort = { readonly network: Network; readonly fixed_ips: Port['fixed_ips']; readonly defaultGroup: string };

const needsSecurity = (): Problem => problem('PortSecurityAndIPRequiredForSecurityGroups', {});
const pairsNeedSecurity = (): Problem => problem('AddressPairAndPortSecurityRequired', {});

/**
 * The protection of a new port: as asked for; with groups and an address, on; else as its network says. The network's own ports have none.
 * With it, the project's default group unless groups were asked for (neutron `db/portsecurity_db.py`, `plugins/ml2/plugin.py`).
 */
export function protectionOf(work: Work, draft: PortDraft, { network, fixed_ips, defaultGroup }: NewPort): Protection | Problem {
  const isAsked = draft.security_groups !== undefined && fixed_ips.length > 0;
  const isOn = isAdminPort(draft.device_owner) ? false : (draft.port_security_enabled ?? (isAsked || network.port_security_enabled));
  if (!isOn && (draft.allowed_address_pairs ?? []).length > 0) return pairsNeedSecurity();
  if (!isOn && (draft.security_groups ?? []).length > 0) return needsSecurity();
  const security_groups = isOn ? checkedGroups(work, draft.security_groups ?? [defaultGroup], draft.project_id) : [];
  return 'kind' in security_groups ? security_groups : { port_security_enabled: isOn, security_groups };
}

/** The protection of a port after an update: to be without, it must be without groups and address pairs too. */
export function changedProtection(work: Work, port: Port, values: Partial<PortDraft>): Protection | Problem {
  const isOn = values.port_security_enabled ?? port.port_security_enabled;
  if (!isOn) {
    if ((values.allowed_address_pairs ?? port.allowed_address_pairs).length > 0) return pairsNeedSecurity();
    if ((values.security_groups ?? []).length > 0) return needsSecurity();
    if (values.security_groups === undefined && port.security_groups.length > 0) return problem('PortSecurityPortHasSecurityGroup', {});
  }
  const groups = values.security_groups === undefined ? port.security_groups : checkedGroups(work, values.security_groups, port.project_id);
  return 'kind' in groups ? groups : { port_security_enabled: isOn, security_groups: groups };
}

/**
 * The groups sorted. Those that are neither the port's project's nor shared with it (but by policy) are not found; stateful and stateless ones do not go together.
 */
function checkedGroups(work: Work, ids: readonly string[], project: string): readonly string[] | Problem {
  const sorts = new Set<boolean>();
  for (const id of ids) {
    const group = work.state.get('security_group', id);
    if (group === undefined) return notFound('security_group', id);
    const isOwn = group.project_id === project || isSharedWith(work.state, id, project);
    if (!isOwn && !mayUse(work, 'set_port:foreign_security_group', { kind: 'security_group', resource: group }))
      return notFound('security_group', id);
    sorts.add(group.stateful);
  }
  if (sorts.size < 2) return [...ids].sort();
  return problem('SecurityGroupConflict', {
    reason: 'Cannot apply both stateful and stateless security groups on the same port at the same time',
  });
}

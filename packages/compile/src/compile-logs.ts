import { compareIds, type EndpointLog, isObjectId } from '@manx/hoststate';
import type { NetworkLog, Port, StateReader } from '@manx/model';

const EVENTS: Readonly<Record<NetworkLog['event'], EndpointLog['event']>> = { ACCEPT: 'accept', DROP: 'drop', ALL: 'all' };

/**
 * The logs that a port's packets are for: of the port, of a group of it (of that group at this port, where both are said), or of its project where
 * neither is, as Neutron has them (`services/logapi/common/db_api.py`). A log that is off is none. One with a project or id that no host can use
 * is left out.
 */
export function compileLogs(port: Port, state: StateReader): readonly EndpointLog[] {
  const ofPort = state
    .by('log.target_id', port.id)
    .filter(({ resource_id: group }) => group === null || port.security_groups.includes(group));
  const ofGroups = [...new Set(port.security_groups)].flatMap((group) =>
    state.by('log.resource_id', group).filter((log) => log.target_id === null),
  );
  const ofProject = state.by('log.project_id', port.project_id).filter((log) => log.target_id === null && log.resource_id === null);
  return [...ofPort, ...ofGroups, ...ofProject]
    .filter(({ enabled, id, project_id: project }) => enabled && isObjectId(id) && isObjectId(project))
    .map(({ id, project_id: project, event, resource_id: policy }) => ({ id, project, event: EVENTS[event], policy }))
    .sort((a, b) => compareIds(a.id, b.id));
}

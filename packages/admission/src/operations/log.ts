import { isVisible, type NetworkLog, type NetworkLogDraft, type Problem, problem } from '@manx/model';
import type { Work } from '../work.js';

/** Makes a log of a group, of a port, or of both, which must belong together (neutron `services/logapi/common/sg_validate.py`). */
export function createLog(work: Work, draft: NetworkLogDraft): NetworkLog | Problem {
  const { resource_type, resource_id, target_id } = draft;
  if (resource_type !== 'security_group') return problem('InvalidLogResourceType', { resource_type: resource_type.slice(0, 255) });
  const group = resource_id === null ? undefined : work.state.get('security_group', resource_id);
  if (resource_id !== null && (group === undefined || !isVisible(work, 'security_group', group)))
    return problem('ResourceNotFound', { resource_id });
  const port = target_id === null ? undefined : work.state.get('port', target_id);
  if (target_id !== null && (port === undefined || !isVisible(work, 'port', port))) return problem('TargetResourceNotFound', { target_id });
  if (resource_id !== null && target_id !== null && port?.security_groups.includes(resource_id) !== true) {
    return problem('InvalidResourceConstraint', { resource_id, target_id });
  }
  return work.create('log', { ...draft, resource_type });
}

/** Changes a log's name, text, and whether it is on. */
export function updateLog(
  work: Work,
  log: NetworkLog,
  values: Partial<Pick<NetworkLog, 'name' | 'description' | 'enabled'>>,
): NetworkLog | Problem {
  return work.update('log', log, values);
}

/** Deletes a log. */
export function deleteLog(work: Work, log: NetworkLog): null {
  work.delete('log', log.id);
  return null;
}

/** Deletes the logs of a group or port that is being deleted: to be called by the rules of those. */
export function deleteLogsOf(work: Work, kind: 'security_group' | 'port', id: string): void {
  for (const log of work.state.by(kind === 'port' ? 'log.target_id' : 'log.resource_id', id)) work.delete('log', log.id);
}

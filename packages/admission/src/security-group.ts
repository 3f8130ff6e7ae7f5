import { DEFAULT_GROUP_NAME, type Problem, problem, type SecurityGroup, type SecurityGroupDraft } from '@manx/model';
import { addTemplateRules, dropDefaultRulesAbout } from './access/default-rules.js';
import { dropSharing } from './access/sharing.js';
import { mayUse } from './authority.js';
import { ensureDefaultGroup } from './default-group.js';
import { deleteLogsOf } from './operations/log.js';
import type { Work } from './work.js';

/** Makes a group with the rules that the templates give each, and the project's default group when there is none yet. */
export function createSecurityGroup(work: Work, draft: SecurityGroupDraft): SecurityGroup | Problem {
  ensureDefaultGroup(work, draft.project_id);
  const { project_id, name, description, stateful } = draft;
  const group = work.create('security_group', { project_id, name, description, stateful });
  addTemplateRules(work, group, 'used_in_non_default_sg');
  return group;
}

/** Changes a group; the default group keeps its name, and a group that ports are in stays stateful or stateless. */
export function updateSecurityGroup(work: Work, group: SecurityGroup, values: Partial<SecurityGroupDraft>): SecurityGroup | Problem {
  const isOtherSort = values.stateful !== undefined && values.stateful !== group.stateful;
  if (isOtherSort && work.state.countBy('port.security_group', group.id) > 0) return problem('SecurityGroupInUse', { id: group.id });
  if (group.name === DEFAULT_GROUP_NAME && values.name !== undefined) return problem('SecurityGroupCannotUpdateDefault', {});
  return work.update('security_group', group, values);
}

/**
 * Deletes a group that no port is in, its rules, and the rules of other groups about its members, each a revision of its group: as in
 * Neutron, a reference does not keep a group (`remote_group_id` cascades in neutron/db/models/securitygroup.py), nor does a template, a
 * log or sharing. A default group only an administrator deletes, by policy; the project's next use makes another.
 */
export function deleteSecurityGroup(work: Work, group: SecurityGroup): Problem | null {
  if (work.state.countBy('port.security_group', group.id) > 0) return problem('SecurityGroupInUse', { id: group.id });
  const isKept =
    group.name === DEFAULT_GROUP_NAME && !mayUse(work, 'delete_security_group:default', { kind: 'security_group', resource: group });
  if (isKept) return problem('SecurityGroupCannotRemoveDefault', {});
  for (const rule of work.state.by('security_group_rule.security_group_id', group.id)) work.delete('security_group_rule', rule.id);
  for (const rule of work.state.by('security_group_rule.remote_group_id', group.id)) {
    work.delete('security_group_rule', rule.id);
    work.touch('security_group', rule.security_group_id);
  }
  dropDefaultRulesAbout(work, group.id);
  deleteLogsOf(work, 'security_group', group.id);
  dropSharing(work, group.id);
  work.delete('security_group', group.id);
  return null;
}

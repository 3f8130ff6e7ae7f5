import { DEFAULT_GROUP_NAME, type SecurityGroup } from '@manx/model';
import { addTemplateRules } from './access/default-rules.js';
import type { Work } from './work.js';

/** The project's default group, made with the rules of the templates when there is none: unless the operator has changed these, everything out, and in from its own members. */
export function ensureDefaultGroup(work: Work, project: string): SecurityGroup {
  const [existing] = work.state.by('security_group.default_of', project);
  if (existing !== undefined) return existing;
  const group = work.create('security_group', {
    project_id: project,
    name: DEFAULT_GROUP_NAME,
    description: 'Default security group',
    stateful: true,
  });
  addTemplateRules(work, group, 'used_in_default_sg');
  return group;
}

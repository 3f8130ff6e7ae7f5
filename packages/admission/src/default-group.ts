import { DEFAULT_GROUP_NAME, type SecurityGroup } from '@manx/model';
import type { Work } from './work.js';

const ETHERTYPES = ['IPv4', 'IPv6'] as const;

/** The project's default group, made with its four rules when there is none: everything out, and in from its own members. */
export function ensureDefaultGroup(work: Work, project: string): SecurityGroup {
  const [existing] = work.state.by('security_group.default_of', project);
  if (existing !== undefined) return existing;
  const group = work.create('security_group', { project_id: project, name: DEFAULT_GROUP_NAME, description: 'Default security group' });
  addEgressRules(work, group);
  for (const ethertype of ETHERTYPES) {
    work.create('security_group_rule', { ...anything(group), direction: 'ingress', ethertype, remote_group_id: group.id });
  }
  return group;
}

/** The rules that every new group begins with: everything out, both families. */
export function addEgressRules(work: Work, group: SecurityGroup): void {
  for (const ethertype of ETHERTYPES) work.create('security_group_rule', { ...anything(group), direction: 'egress', ethertype });
}

function anything(group: SecurityGroup): {
  project_id: string;
  description: string;
  security_group_id: string;
  protocol: null;
  port_range_min: null;
  port_range_max: null;
  remote_group_id: string | null;
  remote_ip_prefix: null;
} {
  return {
    project_id: group.project_id,
    description: '',
    security_group_id: group.id,
    protocol: null,
    port_range_min: null,
    port_range_max: null,
    remote_group_id: null,
    remote_ip_prefix: null,
  };
}

import { type DefaultSecurityGroupRule, PARENT_GROUP, type SecurityGroup, type StateReader } from '@manx/model';
import type { Work } from '../work.js';

/** What a template says of packets: a rule without its group. */
type Template = Pick<
  DefaultSecurityGroupRule,
  | 'direction'
  | 'ethertype'
  | 'protocol'
  | 'port_range_min'
  | 'port_range_max'
  | 'remote_group_id'
  | 'remote_address_group_id'
  | 'remote_ip_prefix'
  | 'used_in_default_sg'
  | 'used_in_non_default_sg'
  | 'description'
>;

const ETHERTYPES = ['IPv4', 'IPv6'] as const;
const ANYTHING = {
  protocol: null,
  port_range_min: null,
  port_range_max: null,
  remote_address_group_id: null,
  remote_ip_prefix: null,
  used_in_default_sg: true,
} as const;

/** Neutron's own templates: everything out, and for default groups in from their own members. They hold until the operator changes any. */
const BUILT_IN: readonly Template[] = [
  ...ETHERTYPES.map(
    (ethertype): Template => ({
      ...ANYTHING,
      direction: 'egress',
      ethertype,
      remote_group_id: null,
      used_in_non_default_sg: true,
      description: 'Legacy default SG rule for egress traffic',
    }),
  ),
  ...ETHERTYPES.map(
    (ethertype): Template => ({
      ...ANYTHING,
      direction: 'ingress',
      ethertype,
      remote_group_id: PARENT_GROUP,
      used_in_non_default_sg: false,
      description: 'Legacy default SG rule for ingress traffic',
    }),
  ),
];

/** The templates in force, in a fixed order. */
function templatesOf(state: StateReader): readonly Template[] {
  if (state.count('default_security_group_rule') === 0) return BUILT_IN;
  return [...state.all('default_security_group_rule')]
    .filter(({ is_removed }) => is_removed !== true)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Makes the rules that a new group begins with, as the templates have it. */
export function addTemplateRules(work: Work, group: SecurityGroup, use: 'used_in_default_sg' | 'used_in_non_default_sg'): void {
  for (const template of templatesOf(work.state)) {
    if (!template[use]) continue;
    const { direction, ethertype, protocol, port_range_min, port_range_max, remote_ip_prefix, remote_address_group_id } = template;
    const remote_group_id = template.remote_group_id === PARENT_GROUP ? group.id : template.remote_group_id;
    work.create('security_group_rule', {
      project_id: group.project_id,
      description: '',
      security_group_id: group.id,
      direction,
      ethertype,
      protocol,
      port_range_min,
      port_range_max,
      remote_group_id,
      remote_ip_prefix,
      remote_address_group_id,
    });
  }
}

/** Writes Neutron's own templates down, when none were ever written: before they are looked at or changed. */
export function ensureDefaultRules(work: Work): void {
  if (work.state.count('default_security_group_rule') > 0) return;
  for (const template of BUILT_IN) work.create('default_security_group_rule', { ...template, project_id: '' });
}

/** Ends a template; the last one leaves a mark, so that Neutron's own do not come back. */
export function dropDefaultRule(work: Work, rule: DefaultSecurityGroupRule): void {
  const isLast = work.state.count('default_security_group_rule') === 1;
  // The mark refers to nothing.
  if (isLast) work.update('default_security_group_rule', rule, { is_removed: true, remote_group_id: null, remote_address_group_id: null });
  else work.delete('default_security_group_rule', rule.id);
}

/** Ends the templates of rules about the members of a group that is deleted. */
export function dropDefaultRulesAbout(work: Work, groupId: string): void {
  for (const rule of work.state.by('default_security_group_rule.remote_group_id', groupId)) dropDefaultRule(work, rule);
}

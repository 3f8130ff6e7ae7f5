import {
  type DefaultSecurityGroupRule,
  type DefaultSecurityGroupRuleDraft,
  isVisible,
  notFound,
  PARENT_GROUP,
  type Problem,
  problem,
} from '@manx/model';
import { canonicalRule, checkRule, meaningOf } from '../security-group-rule.js';
import type { Work } from '../work.js';
import { dropDefaultRule, ensureDefaultRules } from './default-rules.js';

/** Makes a template; not one that is there already for the same groups. */
export function createDefaultRule(work: Work, draft: DefaultSecurityGroupRuleDraft): DefaultSecurityGroupRule | Problem {
  ensureDefaultRules(work);
  const rule = canonicalRule(asRule(draft));
  const wrong = checkRule(rule) ?? checkRemotes(work, draft);
  if (wrong !== null) return wrong;
  const key = meaningOf(rule);
  for (const other of work.state.all('default_security_group_rule')) {
    if (other.is_removed === true) {
      work.delete('default_security_group_rule', other.id);
      continue;
    }
    const isForSame =
      (draft.used_in_default_sg && other.used_in_default_sg) || (draft.used_in_non_default_sg && other.used_in_non_default_sg);
    if (!isForSame || meaningOf(asRule(other)) !== key) continue;
    const isNew = work.isTouched('default_security_group_rule', other.id) && other.created_at === work.context.now;
    return isNew ? problem('DuplicateDefaultSgRuleInPost', {}) : problem('DefaultSecurityGroupRuleExists', { rule_id: other.id });
  }
  const { security_group_id: _group, ...own } = rule;
  const { used_in_default_sg, used_in_non_default_sg } = draft;
  return work.create('default_security_group_rule', { ...own, project_id: '', used_in_default_sg, used_in_non_default_sg });
}

/** Deletes a template. */
export function deleteDefaultRule(work: Work, rule: DefaultSecurityGroupRule): Problem | null {
  dropDefaultRule(work, rule);
  return null;
}

/** That what a template refers to is there: the rules made of it would lead nowhere. */
function checkRemotes(
  work: Work,
  { remote_group_id: group, remote_address_group_id: addresses }: DefaultSecurityGroupRuleDraft,
): Problem | null {
  const { state } = work;
  if (group !== null && group !== PARENT_GROUP && state.get('security_group', group) === undefined)
    return notFound('security_group', group);
  const found = addresses === null ? null : state.get('address_group', addresses);
  if (found === null || addresses === null) return null;
  return found !== undefined && isVisible(work, 'address_group', found) ? null : notFound('address_group', addresses);
}

type Draft = Parameters<typeof canonicalRule>[0];

function asRule(template: DefaultSecurityGroupRuleDraft): Draft {
  const { direction, ethertype, protocol, port_range_min, port_range_max, remote_group_id, remote_address_group_id, remote_ip_prefix } =
    template;
  return {
    project_id: '',
    description: template.description,
    security_group_id: '',
    direction,
    ethertype,
    protocol,
    port_range_min,
    port_range_max,
    remote_group_id,
    remote_address_group_id,
    remote_ip_prefix,
  };
}

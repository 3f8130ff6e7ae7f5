import { familyOf, prefixLength } from '@manx/ip';
import {
  IP_PROTOCOLS,
  isProblem,
  isVisible,
  normalizedCidr,
  notFound,
  PORT_PROTOCOLS,
  type Problem,
  problem,
  protocolNumber,
  type SecurityGroup,
  type SecurityGroupRule,
  type SecurityGroupRuleDraft,
} from '@manx/model';
import { ensureDefaultGroup } from './default-group.js';
import type { Work } from './work.js';

const PORT_NUMBERS: ReadonlySet<number> = new Set(PORT_PROTOCOLS.map((name) => IP_PROTOCOLS[name] ?? -1));
const ICMP = 1;
const ICMPV6 = 58;

/** IPv6's own protocols: encapsulation, routing, fragment, ICMPv6, no next header, options. */
const V6_ONLY: ReadonlySet<number> = new Set([41, 43, 44, 58, 59, 60]);

/** Makes a rule; its group counts a revision. */
export function createSecurityGroupRule(work: Work, draft: SecurityGroupRuleDraft): SecurityGroupRule | Problem {
  const canonical = canonicalRule(draft);
  const wrong = checkRule(canonical);
  if (wrong !== null) return wrong;
  const remote = checkRemote(work, canonical);
  if (remote !== null) return remote;
  const group = groupFor(work, canonical.security_group_id);
  if (isProblem(group)) return group;
  const key = meaningOf(canonical);
  const twin = work.state.by('security_group_rule.security_group_id', group.id).find((rule) => meaningOf(rule) === key);
  if (twin !== undefined) {
    const isNew = work.isTouched('security_group_rule', twin.id);
    return isNew ? problem('DuplicateSecurityGroupRuleInPost', {}) : problem('SecurityGroupRuleExists', { rule_id: twin.id });
  }
  ensureDefaultGroup(work, canonical.project_id);
  const rule = work.create('security_group_rule', canonical);
  work.touch('security_group', group.id);
  return rule;
}

/** What a bulk creation of rules must be: of one group and one project. */
export function checkRuleBulk(drafts: readonly SecurityGroupRuleDraft[]): Problem | null {
  if (new Set(drafts.map((draft) => draft.security_group_id)).size > 1) return problem('SecurityGroupNotSingleGroupRules', {});
  return new Set(drafts.map((draft) => draft.project_id)).size > 1 ? problem('SecurityGroupRulesNotSingleProject', {}) : null;
}

/** Changes a rule's description, which is all that can change. */
export function updateSecurityGroupRule(work: Work, rule: SecurityGroupRule, values: Partial<SecurityGroupRuleDraft>): SecurityGroupRule {
  const updated = work.update('security_group_rule', rule, values);
  if (updated !== rule) work.touch('security_group', rule.security_group_id);
  return updated;
}

/** Deletes a rule; its group counts a revision. */
export function deleteSecurityGroupRule(work: Work, rule: SecurityGroupRule): Problem | null {
  work.delete('security_group_rule', rule.id);
  work.touch('security_group', rule.security_group_id);
  return null;
}

/** The one way to write a rule down: ICMP of IPv6 under its own name and number, a range of all ports as none. */
export function canonicalRule(draft: SecurityGroupRuleDraft): SecurityGroupRuleDraft {
  const isV6 = draft.ethertype === 'IPv6';
  const isIcmpName = draft.protocol === 'icmp' || draft.protocol === 'icmpv6';
  const protocol = isV6 && isIcmpName ? 'ipv6-icmp' : isV6 && draft.protocol === '1' ? '58' : draft.protocol;
  const isEveryPort = draft.port_range_min === 1 && draft.port_range_max === 65_535;
  return { ...draft, protocol, ...(isEveryPort ? { port_range_min: null, port_range_max: null } : {}) };
}

/** What is wrong with a rule, or with a template of one, wherever it is put. */
export function checkRule(rule: SecurityGroupRuleDraft): Problem | null {
  const remotes = [rule.remote_group_id, rule.remote_ip_prefix, rule.remote_address_group_id].filter((remote) => remote !== null);
  return checkPorts(rule) ?? checkFamily(rule) ?? (remotes.length > 1 ? problem('SecurityGroupMultipleRemoteEntites', {}) : null);
}

function checkPorts(rule: SecurityGroupRuleDraft): Problem | null {
  const { port_range_min: min, port_range_max: max } = rule;
  if (min === null && max === null) return null;
  if (rule.protocol === null) return problem('SecurityGroupProtocolRequiredWithPorts', {});
  const protocol = protocolNumber(rule) ?? 0;
  if (protocol === ICMP || protocol === ICMPV6) return checkIcmp(min, max);
  if (!PORT_NUMBERS.has(protocol)) {
    const names = PORT_PROTOCOLS.map((name) => name.toUpperCase()).join(', ');
    return problem('SecurityGroupInvalidProtocolForPort', { protocol, valid_port_protocols: names });
  }
  if (min === 0 || max === 0) return problem('SecurityGroupInvalidPortValue', { port: 0 });
  return min !== null && max !== null && min <= max ? null : problem('SecurityGroupInvalidPortRange', {});
}

function checkIcmp(type: number | null, code: number | null): Problem | null {
  if (type !== null && type > 255) return problem('SecurityGroupInvalidIcmpValue', { field: 'type', attr: 'port_range_min', value: type });
  if (code !== null && code > 255) return problem('SecurityGroupInvalidIcmpValue', { field: 'code', attr: 'port_range_max', value: code });
  return type === null && code !== null ? problem('SecurityGroupMissingIcmpType', { value: code }) : null;
}

function checkFamily(rule: SecurityGroupRuleDraft): Problem | null {
  const { ethertype, protocol, remote_ip_prefix: prefix } = rule;
  const family = ethertype === 'IPv4' ? 4 : 6;
  if (prefix !== null && familyOf(normalizedCidr(prefix)) !== family) {
    return problem('SecurityGroupRuleParameterConflict', { ethertype, cidr: prefix });
  }
  if (family === 4 && protocol !== null && V6_ONLY.has(protocolNumber(rule) ?? 0)) {
    return problem('SecurityGroupEthertypeConflictWithProtocol', { ethertype, protocol });
  }
  return null;
}

/**
 * What two rules have in common that count as the same: everything but who wrote them down and how. A prefix of everyone is no prefix.
 * A rule of protocol 0 allows what one without a protocol does, yet is another: Neutron takes both (`_rule_to_key` of its `securitygroups_db`).
 */
export function meaningOf(rule: SecurityGroupRuleDraft): string {
  const cidr = rule.remote_ip_prefix === null ? null : normalizedCidr(rule.remote_ip_prefix);
  const peer = cidr === null || prefixLength(cidr) === 0 ? null : cidr;
  return JSON.stringify([
    rule.direction,
    rule.ethertype,
    rule.protocol === null ? null : (protocolNumber(rule) ?? 0),
    rule.port_range_min,
    rule.port_range_max,
    rule.remote_group_id,
    rule.remote_address_group_id,
    peer,
  ]);
}

/** That the group at the other end is there for the actor. */
function checkRemote(work: Work, { remote_group_id: group, remote_address_group_id: addresses }: SecurityGroupRuleDraft): Problem | null {
  const remote = group === null ? null : groupFor(work, group);
  if (isProblem(remote)) return remote;
  const found = addresses === null ? undefined : work.state.get('address_group', addresses);
  if (addresses === null || (found !== undefined && isVisible(work, 'address_group', found))) return null;
  return notFound('address_group', addresses);
}

/** A group that the actor may put into a rule. */
function groupFor(work: Work, id: string): SecurityGroup | Problem {
  const group = work.state.get('security_group', id);
  return group !== undefined && isVisible(work, 'security_group', group) ? group : notFound('security_group', id);
}

import { normalizedCidr, remotePrefix } from './address-rules.js';
import type { Attribute, Declaration } from './declaration.js';
import type { StandardAttributes } from './resource.js';
import { ethertype, portNumber, protocol } from './rule-rules.js';
import { changedSince, idAttribute, ownerAttributes, settable, standardAttributes, told } from './standard-attributes.js';
import type { StateReader } from './state-reader.js';
import { boolean, oneOf, orNull, readOnly, text } from './value-rule.js';

/** One allowance of a security group (S16). Never updated, only made and deleted. */
export type SecurityGroupRule = StandardAttributes & {
  readonly security_group_id: string;
  readonly direction: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  /** A name of `IP_PROTOCOLS`, or a decimal number 0 to 255, as the user wrote it (in lower case); null: every protocol. `protocolNumber` reads it. */
  readonly protocol: string | null;
  /** First destination port (TCP, UDP, DCCP, SCTP, UDP-Lite), or the ICMP type; null: any. */
  readonly port_range_min: number | null;
  /** Last destination port, or the ICMP code; null: any. */
  readonly port_range_max: number | null;
  /** At most one of `remote_group_id`, `remote_address_group_id` and `remote_ip_prefix` is set; the peer is anyone when none is. */
  readonly remote_group_id: string | null;
  readonly remote_address_group_id: string | null;
  /** As the user wrote it, host bits and all, always with a length; `normalizedCidr` gives what it means. */
  readonly remote_ip_prefix: string | null;
};

/** What a creation of a rule asks for, decoded. */
export type SecurityGroupRuleDraft = Pick<
  SecurityGroupRule,
  | 'project_id'
  | 'description'
  | 'security_group_id'
  | 'direction'
  | 'ethertype'
  | 'protocol'
  | 'port_range_min'
  | 'port_range_max'
  | 'remote_group_id'
  | 'remote_address_group_id'
  | 'remote_ip_prefix'
>;

const ID_LENGTH = 36;

/** Security group rules, declared. Extensions: `security-group`, `security-groups-normalized-cidr`. */
export const securityGroupRuleDeclaration: Declaration<'security_group_rule'> = {
  kind: 'security_group_rule',
  collection: 'security_group_rules',
  path: 'security-group-rules',
  notFound: 'SecurityGroupRuleNotFound',
  attributes: {
    ...idAttribute,
    ...ownerAttributes,
    security_group_id: { ...fixed('The group.', text(ID_LENGTH), undefined), onCreate: 'required' },
    ethertype: fixed('The IP version of the packets.', ethertype, 'IPv4'),
    direction: { ...fixed('To the instance, or from it.', oneOf(['ingress', 'egress']), undefined), onCreate: 'required' },
    protocol: fixed('The protocol by name or number; null for all.', protocol, null),
    port_range_min: fixed('The first port, or the ICMP type.', portNumber, null),
    port_range_max: fixed('The last port, or the ICMP code.', portNumber, null),
    remote_ip_prefix: fixed('The other end: an address or prefix.', remotePrefix, null),
    normalized_cidr: {
      ...told('`remote_ip_prefix` without host bits.', readOnly({ type: ['string', 'null'] })),
      isFilter: false,
      isSortKey: false,
    },
    remote_group_id: fixed('The other end: any port of this group.', orNull(text(ID_LENGTH)), null),
    remote_address_group_id: fixed('The other end: the prefixes of this address group.', orNull(text(ID_LENGTH)), null),
    belongs_to_default_sg: { ...told("Whether its group is its project's default group.", boolean), isSortKey: false },
    ...standardAttributes,
    description: settable('Free text.', standardAttributes.description.rule, ''),
  },
  computed: { normalized_cidr: normalized, belongs_to_default_sg: isOfDefaultGroup },
  filters: { ...changedSince },
  indexed: {
    project_id: 'security_group_rule.project_id',
    security_group_id: 'security_group_rule.security_group_id',
    remote_group_id: 'security_group_rule.remote_group_id',
    remote_address_group_id: 'security_group_rule.remote_address_group_id',
  },
};

/** A rule as its group shows it. */
export function ruleView(rule: SecurityGroupRule, state: StateReader): unknown {
  const { tags = [], ...stored } = rule;
  return {
    ...stored,
    tenant_id: rule.project_id,
    normalized_cidr: normalized(rule),
    belongs_to_default_sg: isOfDefaultGroup(rule, state),
    tags,
  };
}

function isOfDefaultGroup({ security_group_id, project_id }: SecurityGroupRule, state: StateReader): boolean {
  const group = state.get('security_group', security_group_id);
  return group !== undefined && group.project_id === project_id && state.by('security_group.default_of', group.project_id).includes(group);
}

function normalized(rule: SecurityGroupRule): string | null {
  return rule.remote_ip_prefix === null ? null : normalizedCidr(rule.remote_ip_prefix);
}

/** Set at creation and never again. */
function fixed(doc: string, rule: Attribute['rule'], preset: unknown): Attribute {
  return { ...settable(doc, rule, preset), onUpdate: 'refused' };
}

import { remotePrefix } from '../address-rules.js';
import type { Attribute, Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { ethertype, portNumber, protocol } from '../rule-rules.js';
import { hiddenOwnerAttributes, idAttribute, settable, standardAttributes } from '../standard-attributes.js';
import { boolean, oneOf, orNull, text } from '../value-rule.js';

/** The `remote_group_id` of a template that stands for the group that the rule is made for. */
export const PARENT_GROUP = 'PARENT';

/** A template of the rules that new security groups begin with. */
export type DefaultSecurityGroupRule = StandardAttributes & {
  readonly direction: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  readonly protocol: string | null;
  readonly port_range_min: number | null;
  readonly port_range_max: number | null;
  /** `PARENT`: the group that the rule is made for. */
  readonly remote_group_id: string | null;
  readonly remote_address_group_id: string | null;
  readonly remote_ip_prefix: string | null;
  readonly used_in_default_sg: boolean;
  readonly used_in_non_default_sg: boolean;
  /** True: nobody sees it, it says only that the operator has deleted every template; without it Neutron's own four would be back. */
  readonly is_removed?: true;
};

/** What a creation asks for, decoded. */
export type DefaultSecurityGroupRuleDraft = Omit<
  DefaultSecurityGroupRule,
  'id' | 'created_at' | 'updated_at' | 'revision_number' | 'tags' | 'is_removed'
>;

const ID_LENGTH = 36;

function fixed(doc: string, rule: Attribute['rule'], preset: unknown): Attribute {
  return { ...settable(doc, rule, preset), onUpdate: 'refused' };
}

/** Default security group rules, declared. Extension: `security-groups-default-rules`. */
export const defaultSecurityGroupRuleDeclaration: Declaration<'default_security_group_rule'> = {
  kind: 'default_security_group_rule',
  collection: 'default_security_group_rules',
  path: 'default-security-group-rules',
  notFound: 'DefaultSecurityGroupRuleNotFound',
  offers: ['list', 'show', 'create', 'delete'],
  attributes: {
    ...idAttribute,
    ...hiddenOwnerAttributes,
    direction: { ...fixed('To the instance, or from it.', oneOf(['ingress', 'egress']), undefined), onCreate: 'required' },
    ethertype: fixed('The IP version of the packets.', ethertype, 'IPv4'),
    protocol: fixed('The protocol by name or number; null for all.', protocol, null),
    port_range_min: fixed('The first port, or the ICMP type.', portNumber, null),
    port_range_max: fixed('The last port, or the ICMP code.', portNumber, null),
    remote_ip_prefix: fixed('The other end: an address or prefix.', remotePrefix, null),
    remote_group_id: fixed('The other end: any port of this group; `PARENT`: of the group itself.', orNull(text(ID_LENGTH)), null),
    remote_address_group_id: fixed('The other end: any address of this address group.', orNull(text(ID_LENGTH)), null),
    used_in_default_sg: { ...fixed('Whether the default groups of projects begin with it.', boolean, undefined), onCreate: 'required' },
    used_in_non_default_sg: { ...fixed('Whether all other groups begin with it.', boolean, undefined), onCreate: 'required' },
    description: { ...standardAttributes.description, onUpdate: 'refused' },
  },
  computed: {},
  filters: {},
  indexed: {},
};

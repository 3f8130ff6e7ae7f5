import type { PolicyRules } from '../policy-rule.js';

/** Who a rule speaks of, in the words that most rules are put together from. */
export const ADMIN = 'rule:admin_only';
export const SERVICE = 'rule:service_api';
export const MANAGER = '(role:manager and rule:owner)';
export const MEMBER = '(role:member and rule:owner)';
export const READER = '(role:reader and rule:owner)';
export const NETWORK_MANAGER = '(role:manager and rule:network_owner)';
export const NETWORK_MEMBER = '(role:member and rule:network_owner)';
export const NETWORK_READER = '(role:reader and rule:network_owner)';
export const GROUP_MEMBER = '(role:member and rule:sg_owner)';
export const GROUP_READER = '(role:reader and rule:sg_owner)';
export const PARENT_MANAGER = '(role:manager and rule:ext_parent_owner)';
export const PARENT_MEMBER = '(role:member and rule:ext_parent_owner)';
export const PARENT_READER = '(role:reader and rule:ext_parent_owner)';
/** Anybody with a token that is good for reading, whatever its project. */
export const ANY_READER = `${ADMIN} or role:reader`;

/** One of these. */
export function either(...rules: readonly string[]): string {
  return rules.join(' or ');
}

const part = (rule: string, doc: string): { rule: string; doc: string; scope: 'any' } => ({ rule, doc, scope: 'any' });

/** The rules that other rules refer to, by Neutron's names for them. */
export const PERSONAS: PolicyRules = {
  context_is_admin: part('role:admin', 'Who is an administrator of the cloud.'),
  context_is_advsvc: part('role:advsvc', "Who is one of Neutron's advanced services: the role of old for what `service` is now."),
  service_api: part('role:service', 'Who is another service of the cloud: Nova, Octavia, Ironic.'),
  owner: part('project_id:%(project_id)s', "Who is of the resource's own project."),
  admin_or_owner: part('rule:context_is_admin or rule:owner', 'Administrators and the own project.'),
  network_owner: part('project_id:%(network:project_id)s', 'Who is of the project of the network that the resource is on.'),
  admin_or_network_owner: part('rule:context_is_admin or rule:network_owner', "Administrators and the network's project."),
  admin_owner_or_network_owner: part(
    'rule:owner or rule:admin_or_network_owner',
    "Administrators, the own project and the network's project.",
  ),
  sg_owner: part('project_id:%(security_group:project_id)s', "Who is of the project of the rule's security group."),
  admin_or_sg_owner: part('rule:context_is_admin or rule:sg_owner', "Administrators and the security group's project."),
  admin_owner_or_sg_owner: part(
    'rule:owner or rule:admin_or_sg_owner',
    "Administrators, the own project and the security group's project.",
  ),
  ext_parent_owner: part('project_id:%(ext_parent:project_id)s', 'Who is of the project of what the resource is a part of.'),
  admin_or_ext_parent_owner: part('rule:context_is_admin or rule:ext_parent_owner', "Administrators and the parent's project."),
  admin_only: part('rule:context_is_admin', 'Administrators only.'),
  regular_user: part('', 'Anybody with a token.'),
  default: part('rule:admin_or_owner', 'What is asked of an action that has no rule.'),
  shared: part('field:networks:shared=True', 'A network that is shared with the asking project, and what is on it.'),
  external: part('field:networks:router:external=True', 'An external network.'),
  external_network: part('field:subnets:router:external=True', 'A subnet of an external network.'),
  network_device: part('field:port:device_owner=~^network:', "A port of the network's own: of a router, of DHCP."),
  admin_or_data_plane_int: part('rule:context_is_admin or role:data_plane_integrator', 'Who may say how the data plane of a port is.'),
  shared_address_groups: part('field:address_groups:shared=True', 'An address group that is shared with the asking project.'),
  shared_address_scopes: part('field:address_scopes:shared=True', 'An address scope that is shared with the asking project.'),
  shared_subnetpools: part('field:subnetpools:shared=True', 'A subnet pool that is shared with the asking project.'),
  shared_qos_policy: part('field:policies:shared=True', 'A QoS policy that is shared with the asking project.'),
  shared_security_group: part('field:security_groups:shared=True', 'A security group that is shared with the asking project.'),
  rule_default_sg: part('field:security_group_rules:belongs_to_default_sg=True', 'A rule of a default security group.'),
  restrict_wildcard: part(
    '(not field:rbac_policy:target_tenant=* and not field:rbac_policy:target_project=*) or rule:admin_only',
    'A sharing with one project; with all projects, administrators only.',
  ),
};

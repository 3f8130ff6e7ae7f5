import type { PolicyRule, PolicyRules } from '../policy-rule.js';
import { ADMIN, either, SERVICE } from './personas.js';

const PRIVILEGED = either(ADMIN, SERVICE);

const beside = (rule: string, doc: string): PolicyRule => ({ rule, doc, scope: 'beside' });

/**
 * What Neutron asks an administrator for in its code, where no policy file reaches: mostly what one project may do with what belongs to
 * another (`foreign`) and that it can see. Here they are rules, asked of that other thing, beside the rule of the action itself.
 */
export const FOREIGN_RULES: PolicyRules = {
  create_for_foreign_project: beside(PRIVILEGED, 'Create something that belongs to another project.'),
  'add_router_interface:foreign_subnet': beside(
    PRIVILEGED,
    'Attach a subnet of another project to a router, without its network being shared with the own project by name.',
  ),
  'set_floatingip:foreign_port': beside(PRIVILEGED, "Let a floating IP stand for another project's port."),
  'delete_port:foreign_floatingip': beside(PRIVILEGED, "Delete a port that another project's floating IP stands for."),
  'set_port:foreign_security_group': beside(PRIVILEGED, "Put a port into another project's security group that is not shared with it."),
  'set_port:foreign_router': beside(PRIVILEGED, "Make a port an interface of a router that is not of the port's project."),
  'set_port:foreign_address_pair': beside(
    PRIVILEGED,
    'Give a port an address pair that is a single address out of a subnet of another project on another network.',
  ),
  'delete_security_group:default': beside(ADMIN, "Delete a project's default security group; its next use makes another."),
  'set_rbac_policy:foreign_object': beside(PRIVILEGED, 'Share what belongs to another project.'),
  'set_subnetpool:foreign_address_scope': beside(PRIVILEGED, "Change a subnet pool that is in another project's address scope."),
  'onboard_network_subnets:foreign_network': beside(PRIVILEGED, "Take the subnets of another project's network into a subnet pool."),
  'get_rule_type:details': beside(ADMIN, 'See which values a kind of QoS rules can have.'),
  'get_quota:details': beside(ADMIN, 'See what a project other than the own uses of its quotas.'),
};

import type { PolicyRules } from '../policy-rule.js';
import { ADMIN, ANY_READER, either, GROUP_MEMBER, GROUP_READER, MEMBER, READER } from './personas.js';
import { allowed, attributes, operations, tags } from './rules-for.js';

const GROUP = { name: 'security_group', noun: 'a security group' };
const RBAC = { name: 'rbac_policy', noun: 'a sharing (RBAC policy)' };
const OWN = either(ADMIN, MEMBER);
const NOT_WITH_ALL = 'rule:restrict_wildcard';

/** Security groups, address groups and sharing: neutron `conf/policies/{security_group,default_security_group_rules,address_group,rbac}.py`. */
export const SECURITY_RULES: PolicyRules = {
  ...operations(GROUP, { create: OWN, get: either(ADMIN, READER, 'rule:shared_security_group'), update: OWN, delete: OWN }),
  ...tags(GROUP, OWN),
  ...operations(
    { name: 'security_group_rule', noun: 'a rule of a security group' },
    {
      create: either(ADMIN, GROUP_MEMBER),
      get: either(ADMIN, GROUP_READER),
      update: either(ADMIN, GROUP_MEMBER),
      delete: either(ADMIN, GROUP_MEMBER),
    },
  ),
  ...operations(
    { name: 'default_security_group_rule', noun: 'a rule that new security groups begin with' },
    { create: ADMIN, get: ANY_READER, delete: ADMIN },
  ),
  ...operations(
    { name: 'address_group', noun: 'an address group' },
    { create: OWN, get: either(ADMIN, READER, 'rule:shared_address_groups'), update: OWN, delete: OWN },
  ),
  add_addresses: allowed(OWN, 'Add addresses to an address group.'),
  remove_addresses: allowed(OWN, 'Take addresses from an address group.'),
  ...operations(RBAC, { create: OWN, get: either(ADMIN, READER), update: OWN, delete: OWN }),
  // The API knows the target by its older name; a rule about either is a rule about both.
  ...attributes('create', RBAC, { [NOT_WITH_ALL]: ['target_project'], 'rule:create_rbac_policy:target_project': ['target_tenant'] }),
  ...attributes('update', RBAC, { [NOT_WITH_ALL]: ['target_project'], 'rule:update_rbac_policy:target_project': ['target_tenant'] }),
};

import type { PolicyRules } from '../policy-rule.js';
import { ADMIN, ANY_READER, either, MANAGER, READER } from './personas.js';
import { allowed, operations } from './rules-for.js';

const MANAGED = either(ADMIN, MANAGER);

/** What operators work with: neutron `conf/policies/{quotas,agent,logging,metering,service_type}.py`, and what only Manx has. */
export const OPERATION_RULES: PolicyRules = {
  ...operations({ name: 'quota', noun: 'the quotas of a project other than the own' }, { get: MANAGED, update: ADMIN, delete: ADMIN }),
  ...operations({ name: 'agent', noun: 'an agent' }, { create: ADMIN, get: ADMIN, update: ADMIN, delete: ADMIN }),
  ...operations({ name: 'service_provider', noun: 'the service providers' }, { get: ANY_READER }),
  ...operations({ name: 'log', noun: 'a logging of security events' }, { create: MANAGED, get: MANAGED, update: MANAGED, delete: MANAGED }),
  ...operations({ name: 'loggable_resource', noun: 'what can be logged' }, { get: MANAGED }),
  ...operations({ name: 'metering_label', noun: 'a metering label' }, { create: MANAGED, get: either(ADMIN, READER), delete: MANAGED }),
  ...operations(
    { name: 'metering_label_rule', noun: 'a rule of a metering label' },
    { create: MANAGED, get: either(ADMIN, READER), delete: MANAGED },
  ),
  trace_connectivity: allowed(ADMIN, "Have a packet sent in an instance's name, and see what every host on its way did with it."),
};

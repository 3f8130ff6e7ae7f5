import { FOREIGN_RULES } from './defaults/foreign.js';
import { NETWORK_RULES } from './defaults/networks.js';
import { OPERATION_RULES } from './defaults/operations.js';
import { PERSONAS } from './defaults/personas.js';
import { PORT_RULES } from './defaults/ports.js';
import { QOS_RULES } from './defaults/qos.js';
import { ROUTING_RULES } from './defaults/routing.js';
import { SECURITY_RULES } from './defaults/security.js';
import type { PolicyRules } from './policy-rule.js';

/**
 * Who may do what unless the operator says otherwise: Neutron's own policy of the secure roles (admin, manager, member, reader,
 * service), by Neutron's rule names. Administrators may do everything here; the few places where Neutron says otherwise say so.
 */
export const DEFAULT_POLICY: PolicyRules = {
  ...PERSONAS,
  ...NETWORK_RULES,
  ...PORT_RULES,
  ...SECURITY_RULES,
  ...ROUTING_RULES,
  ...QOS_RULES,
  ...OPERATION_RULES,
  ...FOREIGN_RULES,
};

import type { PolicyRules } from '../policy-rule.js';
import { ADMIN, either, MEMBER, NETWORK_MANAGER, NETWORK_MEMBER, NETWORK_READER, READER, SERVICE } from './personas.js';
import { allowed, attributes, operations, tags } from './rules-for.js';

const PORT = { name: 'port', noun: 'a port' };
const BINDING = { name: 'port_binding', noun: 'bindings of a port' };

const PRIVILEGED = either(ADMIN, SERVICE);
const OWN = either(ADMIN, SERVICE, MEMBER);
const ON_OWN_NETWORK = either(ADMIN, SERVICE, NETWORK_MEMBER);
/** Neutron lets any role in on a shared network; here, as everywhere, a reader only reads. */
const ON_OWN_OR_SHARED = either(ADMIN, SERVICE, NETWORK_MEMBER, '(role:member and rule:shared)');
/** Neutron lets the network's owner make ports that pass for a router's; here only those do who make routers. */
const DEVICE_OWNER = either('not rule:network_device', ADMIN, SERVICE);
const PAIRS = ['allowed_address_pairs', 'allowed_address_pairs:mac_address', 'allowed_address_pairs:ip_address'];
const BINDING_DETAILS = ['binding:host_id', 'binding:profile', 'binding:vif_type', 'binding:vif_details'];
/** Neutron keeps `binding:profile` and bindings from administrators; Nova of its older releases is one, and so are they everywhere else. */
const SET_BY_SERVICES = ['binding:host_id', 'binding:profile'];
const TAGGERS = either(ADMIN, MEMBER, 'rule:context_is_advsvc');

/** Ports: neutron `conf/policies/{port,port_bindings}.py`. */
export const PORT_RULES: PolicyRules = {
  ...operations(PORT, {
    create: ON_OWN_OR_SHARED,
    get: either(ADMIN, SERVICE, READER, NETWORK_READER),
    update: OWN,
    delete: either(ADMIN, SERVICE, MEMBER, NETWORK_MEMBER),
  }),
  ...attributes('create', PORT, {
    [OWN]: ['device_id', 'binding:vnic_type'],
    [DEVICE_OWNER]: ['device_owner'],
    [ON_OWN_NETWORK]: ['mac_address', 'fixed_ips:ip_address', 'port_security_enabled', ...PAIRS],
    [ON_OWN_OR_SHARED]: ['fixed_ips', 'fixed_ips:subnet_id'],
    [PRIVILEGED]: SET_BY_SERVICES,
    [ADMIN]: ['hints', 'trusted'],
  }),
  ...attributes('get', PORT, { [PRIVILEGED]: BINDING_DETAILS, [ADMIN]: ['resource_request', 'hints', 'trusted'] }),
  ...attributes('update', PORT, {
    [OWN]: ['device_id', 'binding:vnic_type'],
    [DEVICE_OWNER]: ['device_owner'],
    [either(ADMIN, SERVICE, NETWORK_MANAGER)]: ['mac_address'],
    [ON_OWN_NETWORK]: ['fixed_ips', 'fixed_ips:ip_address', 'port_security_enabled', ...PAIRS],
    [ON_OWN_OR_SHARED]: ['fixed_ips:subnet_id'],
    [PRIVILEGED]: SET_BY_SERVICES,
    [either(ADMIN, 'role:data_plane_integrator')]: ['data_plane_status'],
    [ADMIN]: ['hints', 'trusted'],
  }),
  ...tags(PORT, TAGGERS, either(ADMIN, MEMBER, NETWORK_MEMBER, 'rule:context_is_advsvc')),

  ...operations(BINDING, { create: PRIVILEGED, get: PRIVILEGED, update: PRIVILEGED, delete: PRIVILEGED }),
  activate: allowed(PRIVILEGED, 'Make another binding of a port the one in use.'),
};

import type { PolicyRules } from '../policy-rule.js';
import { ADMIN, ANY_READER, either, MEMBER, NETWORK_MEMBER, NETWORK_READER, READER, SERVICE } from './personas.js';
import { allowed, attributes, operations, tags } from './rules-for.js';

const NETWORK = { name: 'network', noun: 'a network' };
const SUBNET = { name: 'subnet', noun: 'a subnet' };
const SUBNETPOOL = { name: 'subnetpool', noun: 'a subnet pool' };
const ADDRESS_SCOPE = { name: 'address_scope', noun: 'an address scope' };
const SEGMENT = { name: 'segment', noun: 'a segment' };

const OWN = either(ADMIN, MEMBER);
const SUBNET_OWN = either(ADMIN, MEMBER, NETWORK_MEMBER);
const PROVIDER = ['provider:network_type', 'provider:physical_network', 'provider:segmentation_id'];

/** Networks, subnets and what they are cut from: neutron `conf/policies/{network,subnet,subnetpool,address_scope,segment,...}.py`. */
export const NETWORK_RULES: PolicyRules = {
  ...operations(NETWORK, {
    create: OWN,
    get: either(ADMIN, READER, SERVICE, 'rule:shared', 'rule:external', 'rule:context_is_advsvc'),
    update: OWN,
    delete: OWN,
  }),
  ...attributes('create', NETWORK, {
    [ADMIN]: ['shared', 'router:external', 'is_default', 'segments', ...PROVIDER],
    [OWN]: ['port_security_enabled'],
  }),
  ...attributes('get', NETWORK, { [ADMIN]: ['segments', ...PROVIDER] }),
  ...attributes('update', NETWORK, {
    [ADMIN]: ['shared', 'router:external', 'is_default', 'segments', ...PROVIDER],
    [OWN]: ['port_security_enabled'],
  }),
  ...tags(NETWORK, OWN),

  ...operations(SUBNET, {
    create: either(ADMIN, NETWORK_MEMBER),
    get: either(ADMIN, READER, NETWORK_READER, SERVICE, 'rule:shared', 'rule:external_network'),
    update: SUBNET_OWN,
    delete: SUBNET_OWN,
  }),
  ...attributes('create', SUBNET, { [ADMIN]: ['segment_id'], 'rule:create_subnet': ['service_types'] }),
  ...attributes('get', SUBNET, { [ADMIN]: ['segment_id'] }),
  // Neutron has a rule for `service_types` that its code never asks: whoever may change the subnet may.
  ...attributes('update', SUBNET, { [ADMIN]: ['segment_id'], 'rule:update_subnet': ['service_types'] }),
  ...tags(SUBNET, SUBNET_OWN),

  ...operations(SUBNETPOOL, { create: OWN, get: either(ADMIN, READER, 'rule:shared_subnetpools'), update: OWN, delete: OWN }),
  ...attributes('create', SUBNETPOOL, { [ADMIN]: ['shared', 'is_default'] }),
  ...attributes('update', SUBNETPOOL, { [ADMIN]: ['is_default'] }),
  ...tags(SUBNETPOOL, OWN),
  add_prefixes: allowed(OWN, 'Add prefixes to a subnet pool.'),
  remove_prefixes: allowed(OWN, 'Take prefixes from a subnet pool.'),
  onboard_network_subnets: allowed(OWN, "Take a network's subnets into a subnet pool."),

  ...operations(ADDRESS_SCOPE, { create: OWN, get: either(ADMIN, READER, 'rule:shared_address_scopes'), update: OWN, delete: OWN }),
  ...attributes('create', ADDRESS_SCOPE, { [ADMIN]: ['shared'] }),
  ...attributes('update', ADDRESS_SCOPE, { [ADMIN]: ['shared'] }),

  ...operations(SEGMENT, { create: ADMIN, get: ADMIN, update: ADMIN, delete: ADMIN }),
  ...tags(SEGMENT, ADMIN),
  ...operations({ name: 'network_ip_availability', noun: 'how many addresses of a network are used' }, { get: either(ADMIN, SERVICE) }),
  ...operations(
    { name: 'auto_allocated_topology', noun: "the project's ready-made topology" },
    { get: either(ADMIN, READER), delete: OWN },
  ),
  ...operations({ name: 'availability_zone', noun: 'availability zones' }, { get: ANY_READER }),
};

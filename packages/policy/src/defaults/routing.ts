import type { PolicyRules } from '../policy-rule.js';
import { ADMIN, ANY_READER, either, MANAGER, MEMBER, PARENT_MEMBER, PARENT_READER, READER } from './personas.js';
import { allowed, attributes, operations, tags } from './rules-for.js';

const ROUTER = { name: 'router', noun: 'a router' };
const FLOATINGIP = { name: 'floatingip', noun: 'a floating IP' };
const FORWARDING = { name: 'floatingip_port_forwarding', noun: 'a port forwarding of a floating IP' };

const OWN = either(ADMIN, MEMBER);
const PARENTS = either(ADMIN, PARENT_MEMBER);
const FOR_ADMIN = ['distributed', 'ha', 'external_gateway_info:enable_snat', 'external_gateway_info:external_fixed_ips'];
const FOR_OWNER = ['external_gateway_info', 'external_gateway_info:network_id'];
const ROUTES = ['enable_default_route_bfd', 'enable_default_route_ecmp'];

/** Routers, floating IPs and BGP: neutron `conf/policies/{router,floatingip*,flavor}.py`, neutron-dynamic-routing `policies/bgp_*.py`. */
export const ROUTING_RULES: PolicyRules = {
  ...operations(ROUTER, { create: OWN, get: either(ADMIN, READER), update: OWN, delete: OWN }),
  ...attributes('create', ROUTER, { [ADMIN]: [...FOR_ADMIN, ...ROUTES], [OWN]: FOR_OWNER }),
  ...attributes('get', ROUTER, { [ADMIN]: ['distributed', 'ha'] }),
  ...attributes('update', ROUTER, { [ADMIN]: [...FOR_ADMIN, ...ROUTES], [OWN]: FOR_OWNER }),
  ...tags(ROUTER, OWN),
  add_router_interface: allowed(OWN, 'Attach a subnet or a port to a router.'),
  remove_router_interface: allowed(OWN, 'Detach a subnet or a port from a router.'),
  add_extraroutes: allowed(OWN, 'Add routes to a router.'),
  remove_extraroutes: allowed(OWN, 'Take routes from a router.'),

  ...operations(FLOATINGIP, { create: OWN, get: either(ADMIN, READER), update: OWN, delete: OWN }),
  ...attributes('create', FLOATINGIP, { [either(ADMIN, MANAGER)]: ['floating_ip_address'] }),
  ...tags(FLOATINGIP, OWN),
  ...operations(FORWARDING, { create: PARENTS, get: either(ADMIN, PARENT_READER), update: PARENTS, delete: PARENTS }),
  ...operations({ name: 'floatingip_pool', noun: 'the pools of floating IPs' }, { get: either(ADMIN, READER) }),

  ...operations({ name: 'flavor', noun: 'a flavor' }, { create: ADMIN, get: ANY_READER, update: ADMIN, delete: ADMIN }),
  ...operations({ name: 'service_profile', noun: 'a service profile' }, { create: ADMIN, get: ADMIN, update: ADMIN, delete: ADMIN }),
  ...operations(
    { name: 'flavor_service_profile', noun: "a flavor's service profile" },
    { create: ADMIN, get: either(ADMIN, READER), delete: ADMIN },
  ),

  ...operations({ name: 'bgp_speaker', noun: 'a BGP speaker' }, { create: ADMIN, get: ADMIN, update: ADMIN, delete: ADMIN }),
  ...operations({ name: 'bgp_peer', noun: 'a BGP peer' }, { create: ADMIN, get: ADMIN, update: ADMIN, delete: ADMIN }),
  add_bgp_peer: allowed(ADMIN, 'Add a peer to a BGP speaker.'),
  remove_bgp_peer: allowed(ADMIN, 'Take a peer from a BGP speaker.'),
  add_gateway_network: allowed(ADMIN, 'Add a network to a BGP speaker.'),
  remove_gateway_network: allowed(ADMIN, 'Take a network from a BGP speaker.'),
  get_advertised_routes: allowed(ADMIN, 'See what a BGP speaker announces.'),
  add_bgp_speaker_to_dragent: allowed(ADMIN, 'Give a BGP speaker to an agent.'),
  remove_bgp_speaker_from_dragent: allowed(ADMIN, 'Take a BGP speaker from an agent.'),
  list_bgp_speaker_on_dragent: allowed(ADMIN, 'See the BGP speakers of an agent.'),
  list_dragent_hosting_bgp_speaker: allowed(ADMIN, 'See the agents of a BGP speaker.'),
};

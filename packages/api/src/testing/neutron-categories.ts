/**
 * Neutron's default policy in categories: what its own files say (neutron `conf/policies/*.py` at 2131d26f, neutron-dynamic-routing
 * `policies/*.py`), actions by who may. Made from those files and not from this house's table, so that the two can disagree. A category is
 * a role of a certain project (`own:member`, `network:reader`: of the network's project; `any:reader`: of whichever), a role
 * anywhere (`admin`, `service`), or something about the target.
 */
export const NEUTRON_CATEGORIES: Readonly<Record<string, string>> = {
  'admin own:member':
    'create_address_group update_address_group delete_address_group add_addresses remove_addresses create_address_scope update_address_scope delete_address_scope delete_auto_allocated_topology create_floatingip create_floatingip:tags update_floatingip update_floatingip:tags delete_floatingip delete_floatingip:tags create_network create_network:port_security_enabled create_network:tags update_network update_network:port_security_enabled update_network:tags delete_network delete_network:tags create_rbac_policy update_rbac_policy delete_rbac_policy create_router create_router:external_gateway_info create_router:external_gateway_info:network_id create_router:tags update_router update_router:external_gateway_info update_router:external_gateway_info:network_id update_router:tags delete_router delete_router:tags add_router_interface remove_router_interface add_extraroutes remove_extraroutes create_security_group create_security_group:tags update_security_group update_security_group:tags delete_security_group delete_security_group:tags create_subnetpool create_subnetpool:tags update_subnetpool update_subnetpool:tags delete_subnetpool delete_subnetpool:tags onboard_network_subnets add_prefixes remove_prefixes',
  'admin own:reader shared':
    'get_address_group get_address_scope get_policy get_policy:tags get_security_group get_security_group:tags get_subnetpool get_subnetpool:tags',
  admin:
    'create_address_scope:shared update_address_scope:shared create_agent get_agent update_agent delete_agent create_default_security_group_rule delete_default_security_group_rule create_flavor update_flavor delete_flavor create_service_profile get_service_profile update_service_profile delete_service_profile create_flavor_service_profile delete_flavor_service_profile create_network:shared create_network:router:external create_network:is_default create_network:segments create_network:provider:network_type create_network:provider:physical_network create_network:provider:segmentation_id get_network:segments get_network:provider:network_type get_network:provider:physical_network get_network:provider:segmentation_id update_network:segments update_network:shared update_network:provider:network_type update_network:provider:physical_network update_network:provider:segmentation_id update_network:router:external update_network:is_default create_port:hints create_port:trusted get_port:resource_request get_port:hints get_port:trusted update_port:hints update_port:trusted update_quota delete_quota create_router:distributed create_router:ha create_router:external_gateway_info:enable_snat create_router:external_gateway_info:external_fixed_ips create_router:enable_default_route_bfd create_router:enable_default_route_ecmp get_router:distributed get_router:ha update_router:distributed update_router:ha update_router:external_gateway_info:enable_snat update_router:external_gateway_info:external_fixed_ips update_router:enable_default_route_bfd update_router:enable_default_route_ecmp create_segment create_segments_tags get_segment get_segments_tags update_segment update_segments_tags delete_segment delete_segments_tags create_subnet:segment_id create_subnet:service_types get_subnet:segment_id update_subnet:segment_id update_subnet:service_types create_subnetpool:shared create_subnetpool:is_default update_subnetpool:is_default create_bgp_speaker get_bgp_speaker update_bgp_speaker delete_bgp_speaker create_bgp_peer get_bgp_peer update_bgp_peer delete_bgp_peer add_bgp_peer remove_bgp_peer add_gateway_network remove_gateway_network get_advertised_routes add_bgp_speaker_to_dragent remove_bgp_speaker_from_dragent list_bgp_speaker_on_dragent list_dragent_hosting_bgp_speaker',
  'admin own:reader':
    'get_auto_allocated_topology get_flavor_service_profile get_floatingip get_floatingip:tags get_floatingip_pool get_metering_label get_metering_label_rule get_rbac_policy get_router get_router:tags',
  'any:reader': 'get_availability_zone get_default_security_group_rule get_flavor get_rule_type get_service_provider',
  'admin own:manager':
    'create_floatingip:floating_ip_address get_loggable_resource create_log get_log update_log delete_log create_metering_label delete_metering_label create_metering_label_rule delete_metering_label_rule create_policy create_policy:tags update_policy update_policy:tags delete_policy delete_policy:tags get_quota',
  'admin parent:member': 'create_floatingip_port_forwarding update_floatingip_port_forwarding delete_floatingip_port_forwarding',
  'admin parent:reader':
    'get_floatingip_port_forwarding get_policy_bandwidth_limit_rule get_policy_packet_rate_limit_rule get_policy_dscp_marking_rule get_policy_minimum_bandwidth_rule get_policy_minimum_packet_rate_rule get_alias_bandwidth_limit_rule get_alias_dscp_marking_rule get_alias_minimum_bandwidth_rule get_alias_minimum_packet_rate_rule',
  'admin advsvc external own:reader service shared': 'get_network',
  'admin advsvc external own:reader shared': 'get_network:tags',
  'admin service':
    'get_network_ip_availability create_port:binding:host_id get_port:binding:vif_type get_port:binding:vif_details get_port:binding:host_id get_port:binding:profile update_port:binding:host_id get_port_binding',
  'admin network:member service shared':
    'create_port create_port:fixed_ips create_port:fixed_ips:subnet_id update_port:fixed_ips:subnet_id',
  'admin own:member service':
    'create_port:device_id create_port:binding:vnic_type update_port update_port:device_id update_port:binding:vnic_type',
  'admin network:member plain_device service': 'create_port:device_owner update_port:device_owner',
  'admin network:member service':
    'create_port:mac_address create_port:fixed_ips:ip_address create_port:port_security_enabled create_port:allowed_address_pairs create_port:allowed_address_pairs:mac_address create_port:allowed_address_pairs:ip_address update_port:fixed_ips update_port:fixed_ips:ip_address update_port:port_security_enabled update_port:allowed_address_pairs update_port:allowed_address_pairs:mac_address update_port:allowed_address_pairs:ip_address',
  service: 'create_port:binding:profile update_port:binding:profile create_port_binding delete_port_binding activate',
  'admin advsvc own:member': 'create_port:tags update_port:tags',
  'admin network:reader own:reader service': 'get_port',
  'admin advsvc network:reader own:reader': 'get_port:tags',
  'admin network:manager service': 'update_port:mac_address',
  'admin data_plane_integrator': 'update_port:data_plane_status',
  'admin network:member own:member service': 'delete_port',
  'admin advsvc network:member own:member': 'delete_port:tags',
  'admin parent:manager':
    'create_policy_bandwidth_limit_rule update_policy_bandwidth_limit_rule delete_policy_bandwidth_limit_rule create_policy_packet_rate_limit_rule update_policy_packet_rate_limit_rule delete_policy_packet_rate_limit_rule create_policy_dscp_marking_rule update_policy_dscp_marking_rule delete_policy_dscp_marking_rule create_policy_minimum_bandwidth_rule update_policy_minimum_bandwidth_rule delete_policy_minimum_bandwidth_rule create_policy_minimum_packet_rate_rule update_policy_minimum_packet_rate_rule delete_policy_minimum_packet_rate_rule update_alias_bandwidth_limit_rule delete_alias_bandwidth_limit_rule update_alias_dscp_marking_rule delete_alias_dscp_marking_rule update_alias_minimum_bandwidth_rule delete_alias_minimum_bandwidth_rule update_alias_minimum_packet_rate_rule delete_alias_minimum_packet_rate_rule',
  'admin one_project':
    'create_rbac_policy:target_tenant create_rbac_policy:target_project update_rbac_policy:target_tenant update_rbac_policy:target_project',
  'admin group:member': 'create_security_group_rule delete_security_group_rule',
  'admin group:reader': 'get_security_group_rule',
  'admin network:member': 'create_subnet',
  'admin network:member own:member': 'create_subnet:tags update_subnet update_subnet:tags delete_subnet delete_subnet:tags',
  'admin external network:reader own:reader service shared': 'get_subnet',
  'admin external network:reader own:reader shared': 'get_subnet:tags',
};

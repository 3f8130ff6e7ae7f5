/**
 * Names in a policy file of Neutron that mean nothing here because what they are about is not there: a file that was written for
 * Neutron is taken as it is, with a word about these.
 */
const NOT_SERVED: readonly RegExp[] = [
  /^(create|get|update|delete)_(trunks?|local_ip|local_ip_port_association|ndp_proxy|router_conntrack_helper|network_segment_ranges?)(:.+|_tags)?$/,
  /^(create|get|update|delete)_(dhcp-networks?|l3-routers?|dhcp-agents|l3-agents|security_groups_default_statefulness)$/,
  /^(create|get|update|delete)_(flavor_service_profile|metering_label|metering_label_rule)$|^(create|update|delete)_(flavor|service_profile)$/,
  /^(get|add|remove)_subports$|^(add|update|remove)_external_gateways(:.+)?$/,
  /^(create|get|update)_(port:(pvlan_type|pvlan_community|trusted)|network:(pvlan|segments)|router:(evpn_vni|enable_default_route_(bfd|ecmp)))$/,
  /^context_with_global_access$|^update_port:data_plane_status$|^(create|get|update|delete)_segment:tags$/,
];

/** Whether Neutron has a rule of this name, and Manx nothing that it is about (the default policy may have it all the same). */
export function isNotServed(name: string): boolean {
  return NOT_SERVED.some((pattern) => pattern.test(name));
}

/** The collections whose tags had rules of their own, and the resource that each is of. */
const TAGGED: { readonly [collection: string]: string } = {
  floatingips: 'floatingip',
  networks: 'network',
  policies: 'policy',
  ports: 'port',
  routers: 'router',
  security_groups: 'security_group',
  segments: 'segment',
  subnets: 'subnet',
  subnetpools: 'subnetpool',
};

/** The name of today for one of earlier releases (`create_networks_tags` was `create_network:tags`); null for any other name. */
export function successorOf(name: string): string | null {
  const { 1: verb, 2: collection = '' } = /^(create|get|update|delete)_(\w+)_tags$/.exec(name) ?? [];
  const resource = TAGGED[collection];
  return verb === undefined || resource === undefined ? null : `${verb}_${resource}:tags`;
}

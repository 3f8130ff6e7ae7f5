/** Where the default policy is not Neutron's own: the categories here, and why. */
export const NEUTRON_DEVIATIONS: Readonly<Record<string, { readonly categories: string; readonly because: string }>> = {
  ...of('create_port create_port:fixed_ips create_port:fixed_ips:subnet_id update_port:fixed_ips:subnet_id', {
    categories: 'admin network:member service shared:member',
    because: 'Neutron lets whoever has any role make a port on a shared network; a reader only reads',
  }),
  ...of('create_port:device_owner update_port:device_owner', {
    categories: 'admin plain_device service',
    because: 'a port that passes for a router’s or for DHCP’s is made by administrators and services only',
  }),
  ...of('create_port:binding:profile update_port:binding:profile create_port_binding delete_port_binding activate', {
    categories: 'admin service',
    because: 'Neutron leaves these to the service role; the Nova of Debian 12 asks as an administrator',
  }),
  ...of('create_subnet:service_types', {
    categories: 'admin network:member',
    because: 'Neutron never asks its own rule: the attribute has no `enforce_policy` (neutron-lib `subnet_service_types.py`)',
  }),
  ...of('update_subnet:service_types', { categories: 'admin network:member own:member', because: 'the same' }),
  ...of('get_network:tags', { categories: 'admin advsvc external own:reader service shared', because: 'whoever sees it sees its tags' }),
  ...of('get_subnet:tags', {
    categories: 'admin external network:reader own:reader service shared',
    because: 'whoever sees it sees its tags',
  }),
  ...of('get_port:tags', { categories: 'admin network:reader own:reader service', because: 'whoever sees it sees its tags' }),
};

/** Rules that Neutron does not have, for what it judges by its default rule or not at all; in categories, too. */
export const OURS_ONLY: Readonly<Record<string, string>> = {
  ...of('update_port_binding', 'admin service'),
  ...of('update_security_group_rule', 'admin group:member'),
  ...of('create_policy:shared update_policy:shared', 'admin'),
  // What Neutron has nothing like.
  ...of('trace_connectivity', 'admin'),
  ...of('create_segment:tags get_segment:tags update_segment:tags delete_segment:tags', 'admin'),
};

function of<T>(names: string, value: T): Readonly<Record<string, T>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, value]));
}

/** What Tempest is told of the cloud under test. */
export type CloudUnderTest = {
  /** Keystone's v3 URL. */
  readonly identityUrl: string;
  readonly adminPassword: string;
  readonly publicNetworkId: string;
  /** Aliases of `GET /v2.0/extensions`. */
  readonly extensions: readonly string[];
  /** A folder for Tempest's locks. */
  readonly lockPath: string;
};

/** The text of `tempest.conf`: an admin that makes a project and users for each test class, and no service but Keystone and the network. */
export const tempestSettings = (cloud: CloudUnderTest): string => `[DEFAULT]
log_file = tempest.log
debug = true
use_stderr = false

[oslo_concurrency]
lock_path = ${cloud.lockPath}

[auth]
use_dynamic_credentials = true
admin_username = admin
admin_password = ${cloud.adminPassword}
admin_project_name = admin
admin_domain_name = Default
create_isolated_networks = false
tempest_roles = member

[identity]
uri_v3 = ${cloud.identityUrl}
auth_version = v3
v3_endpoint_type = public
region = RegionOne
default_domain_id = default

[identity-feature-enabled]
api_v2 = false
api_v3 = true

[service_available]
neutron = true
nova = false
glance = false
cinder = false
swift = false
horizon = false

[network]
region = RegionOne
endpoint_type = public
public_network_id = ${cloud.publicNetworkId}
floating_network_name = public
project_networks_reachable = false
project_network_cidr = 10.100.0.0/16
project_network_mask_bits = 28

[network-feature-enabled]
ipv6 = true
ipv6_subnet_attributes = true
floating_ips = true
api_extensions = ${cloud.extensions.join(',')}

[neutron_plugin_options]
available_type_drivers = flat,local
create_shared_resources = true
max_networks_per_project = 4
`;

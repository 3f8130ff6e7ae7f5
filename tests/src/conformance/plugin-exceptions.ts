import type { Exception } from './exceptions.js';

/** Tests of a class or module of the plugin's, by the end of their name. */
const of = (names: string, reason: string): Exception => ({ tests: new RegExp(`^neutron_tempest_plugin\\.api\\.${names}`), reason });

/** Every exception of `neutron_tempest_plugin.api` (Debian's 2.0.0, of the time of Neutron 2023.1). */
export const PLUGIN_EXCEPTIONS: readonly Exception[] = [
  of('admin\\.test_(?:dhcp|l3)_agent_scheduler\\.', 'there are no DHCP and L3 agents to schedule: hosts serve and route'),
  of('admin\\.test_agent_availability_zone\\.', 'asks for DHCP or L3 agents: zones are those of hosts'),
  of('admin\\.test_network_segment_range\\.', 'needs overlays'),
  of('admin\\.test_networks\\.NetworksTestAdmin\\.test_create_tenant_network_vxlan$', 'needs overlays'),
  of('admin\\.test_ports\\.PortTestCasesResourceRequest\\.', 'needs VLANs'),
  of('(?:.*\\.)?test_trunk(?:_details|_negative)?\\.', 'needs VLANs'),
  of('admin\\.test_tag\\.Tag(?:Filter)?TrunkTestJSON\\.', 'needs VLANs'),
  of(
    '(?:admin\\.)?test_routers(?:_dvr|_ha|_negative)?\\.(?:Dvr|Ha|RoutersTestDVR|RoutersTestHA|RouterTestCentralizedToDVR)',
    'every host routes; `dvr` and `l3-ha` are not listed',
  ),
  of(
    'test_revisions\\.TestRevisions\\.test_update_router_extra_attributes_bumps_revision$',
    'every host routes; `dvr` and `l3-ha` are not listed',
  ),
  of('(?:admin\\.test_routers_flavors|test_flavors_extensions)\\.', 'there is one kind of router; `flavors` is not listed'),
  of('test_conntrack_helper\\.', 'host routing needs no helpers; `l3-conntrack-helper` is not listed'),
  of('test_local_ip\\.', 'needs L2'),
  of('test_metering_(?:extensions|negative)\\.', 'metering is not offered'),
  of('test_ndp_proxy(?:_negative)?\\.', 'IPv6 is routed as it is; `l3-ndp-proxy` is not listed'),
  of(
    'admin\\.test_tag\\.Tag(?:Filter)?QosPolicyTestJSON\\.',
    'the test is a member; since its time Neutron asks for the role `manager` of who tags QoS policies',
  ),
  of(
    'test_address_groups\\.RbacSharedAddressGroupTest\\.test_regular_client_blocked_from_updating_shared_address_group$',
    'since the time of the test Neutron answers 403, not 404, where the asker can see what it may not change',
  ),
  of(
    'test_qos\\.QosDscpMarkingRuleTestJSON\\.test_qos_dscp_create_and_update$',
    'since the time of the test Neutron shows the rules of a shared policy to its own project only',
  ),
  of(
    'test_qos\\.QosSearchCriteriaTest\\.test_list_pagination_with_href_links$',
    'asks for the page after a marker that only another project can see: 404, as Neutron answers for networks and ports',
  ),
  of(
    'test_subnetpools_negative\\.SubnetPoolsNegativeTestJSON\\.test_tenant_create_subnetpool_associate_shared_address_scope$',
    'skips itself: outdated since Neutron of Ussuri',
  ),
];

import { PLUGIN_EXCEPTIONS } from './plugin-exceptions.js';

/** Tests of Tempest that cannot pass here: a regular expression of their full names, and why. What is not listed must pass. */
export type Exception = { readonly tests: RegExp; readonly reason: string };

/** Every exception of `tempest.api.network`, and of `neutron_tempest_plugin.api`; `docs/reference/conformance.md` has the same reasons, which a test holds together. */
export const EXCEPTIONS: readonly Exception[] = [
  { tests: /^tempest\.api\.network\.admin\.test_dhcp_agent_scheduler\./, reason: 'there are no DHCP agents: hosts serve DHCP' },
  { tests: /^tempest\.api\.network\.(?:admin\.)?test_metering_extensions\./, reason: 'metering is not offered' },
  {
    tests: /^tempest\.api\.network\.(?:admin\.test_routers_dvr|test_routers_negative\.DvrRoutersNegativeTest)\./,
    reason: 'every host routes; `dvr` is not listed',
  },
  {
    tests: /^tempest\.api\.network\.admin\.test_ports\.PortsAdminExtendedAttrs.*\.test_(?:create|update|list)_ports?_binding_ext_attr$/,
    reason: 'needs Nova',
  },
  {
    tests: /^tempest\.api\.network\.test_floating_ips\.FloatingIPTestJSON\.test_floating_ip_update_different_router$/,
    reason: 'needs L2: one CIDR, and one gateway address, on two networks with a router each; here no address is held twice (S12)',
  },
  ...PLUGIN_EXCEPTIONS,
];

/** Why this test may fail or be skipped; null when it must pass. */
export const exceptionFor = (test: string): Exception | null => EXCEPTIONS.find(({ tests }) => tests.test(test)) ?? null;

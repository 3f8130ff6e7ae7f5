/** DHCP and router advertisements: a host state as the files of one dnsmasq. */
export { DHCP_LINK_ADDRESS, dhcpTapAddresses, type TapAddress } from './dhcp-tap-addresses.js';
export { DNSMASQ_FILE_EFFECTS, type DnsmasqChange, dnsmasqChange } from './dnsmasq-change.js';
export { dnsmasqCheckCommand, dnsmasqCommand, dnsmasqReadyLine } from './dnsmasq-command.js';
export { dnsmasqProblems } from './dnsmasq-problems.js';
export type { DnsmasqSettings } from './dnsmasq-settings.js';
export { refusedTap } from './held-lease.js';
export { renderDnsmasq } from './render-dnsmasq.js';

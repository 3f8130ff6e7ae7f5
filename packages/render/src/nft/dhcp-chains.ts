import type { NftChain, NftMeter } from '../host-plan.js';
import type { RenderSettings } from '../settings.js';
import { drop } from './drop-chains.js';

/** The sets in which messages to the host's DHCP server are counted by tap, so that what is beyond its share is dropped. */
const [MESSAGES, REBINDS] = ['dhcp-messages', 'dhcp-rebinds'];

/** A tap whose guest has been silent for as long as its share takes to fill has all of it again. */
export const DHCP_METERS: ReadonlyArray<readonly [string, NftMeter]> = [
  [MESSAGES, { type: 'ifname', size: 65_535, timeoutS: 60 }],
  [REBINDS, { type: 'ifname', size: 65_535, timeoutS: 3_600 }],
];

/** In DHCPv4 (RFC 2131, section 2) the client's address and the relay's, in bits from the UDP header on; in DHCPv6 (RFC 8415, section 8) the message's type. */
const [CLIENT, RELAY, TYPE6] = ['@th,160,32', '@th,256,32', '@th,64,8'];

/** What elements of `dhcp-clients` are: an address of the tap's own, as the number by which nft compares raw fields. */
export const DHCP_CLIENT = `iifname . ${CLIENT}`;

/**
 * dnsmasq takes a DHCPv6 rebind (type 6) of any address of the subnet as if it had given it, to whoever says so (`rfc3315.c`, with `dhcp-authoritative`), and
 * keeps it from the one whose it is until the agent has replaced the process. Clients send the first long after their lease was
 * renewed last, and repeat it within ten minutes (RFC 8415, section 7.6: 10 s, then up to 600 s).
 */
const FEW_REBINDS = 'limit rate over 6/hour burst 3 packets';

/**
 * One program answers DHCP and router solicitations of all of a host's guests (S26): what one of them asks too often never gets to it. And it
 * answers at whatever address the question names as the client's, or as a relay's (types 12 and 13): only the client's own may be named (S18).
 */
export function dhcpChain({ perSecond, burst }: RenderSettings['dhcpLimit']): NftChain {
  return {
    hook: null,
    rules: [
      `update @${MESSAGES} { iifname limit rate over ${perSecond}/second burst ${burst} packets } ${drop('dhcp-rate')}`,
      `udp dport 67 ${RELAY} != 0 ${drop('dhcp-server')}`,
      `udp dport 67 ${CLIENT} != 0 ${DHCP_CLIENT} != @dhcp-clients ${drop('source')}`,
      `udp dport 547 ${TYPE6} { 12, 13 } ${drop('dhcp-server')}`,
      `udp dport 547 ${TYPE6} 6 update @${REBINDS} { iifname ${FEW_REBINDS} } ${drop('dhcp-rate')}`,
    ],
  };
}

/** What it hears, from whatever port: the servers' ports (RFC 2131, RFC 8415), router solicitation (RFC 4861). Those of known flows count too. */
export const DHCP_INPUT: readonly string[] = ['udp dport { 67, 547 } jump dhcp', 'icmpv6 type 133 jump dhcp'];

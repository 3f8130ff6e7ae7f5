import type { NftChain, NftMeter } from '../host-plan.js';
import type { RenderSettings } from '../settings.js';
import { drop } from './drop-chains.js';

/** The set in which messages to the host's DHCP server are counted by tap, so that what is beyond its share is dropped. */
const MESSAGES = 'dhcp-messages';

/** A tap whose guest has been silent for a minute has all of its share again. */
export const DHCP_METERS: ReadonlyArray<readonly [string, NftMeter]> = [[MESSAGES, { type: 'ifname', size: 65_535, timeoutS: 60 }]];

/** One program answers DHCP and router solicitations of all of a host's guests (S26): what one of them asks too often never gets to it. */
export function dhcpChain({ perSecond, burst }: RenderSettings['dhcpLimit']): NftChain {
  return {
    hook: null,
    rules: [`update @${MESSAGES} { iifname limit rate over ${perSecond}/second burst ${burst} packets } ${drop('dhcp-rate')}`],
  };
}

/** What it hears, from whatever port: the servers' ports (RFC 2131, RFC 8415), router solicitation (RFC 4861). Those of known flows count too. */
export const DHCP_INPUT: readonly string[] = ['udp dport { 67, 547 } jump dhcp', 'icmpv6 type 133 jump dhcp'];

import type { NftChain, NftMeter } from '../host-plan.js';
import { drop } from './drop-chains.js';

/**
 * Addresses that a guest is heard from and that are not its own one by one: link-local ones that it made up (RFC 7217), those within a prefix of its
 * pairs, any at all where port security is off. To whatever comes from such an address the kernel remembers a neighbour, in one table for all
 * taps and the fabric's links (`neigh_alloc`, net/core/neighbour.c): who makes up addresses without end takes the others' places.
 */
const [KNOWN, NEW] = ['other-addresses', 'new-addresses'];

/** As long as the kernel keeps a neighbour that nobody asks for (`gc_stale_time`, Documentation/networking/ip-sysctl.rst). */
const KEPT_S = 60;

/** So many new ones at once, and in a minute: at most twice as many are remembered of one tap at a time. */
const NEW_ONES = 'limit rate over 64/minute burst 64 packets';

/** The set of what a tap was heard from lately (full, it lets what is new through, for a turn each packet), and that in which its new addresses are counted. */
const metersOf = (type: string): ReadonlyArray<readonly [string, NftMeter]> => [
  [KNOWN, { type: `ifname . ${type}`, size: 65_535, timeoutS: KEPT_S }],
  [NEW, { type: 'ifname', size: 65_535, timeoutS: KEPT_S }],
];

/** Of IPv6, in the table `inet manx`. */
export const ADDRESS_METERS_INET = metersOf('ipv6_addr');

/** Of IPv4, in the table `arp manx`. */
export const ADDRESS_METERS_ARP = metersOf('ipv4_addr');

/** Lets a packet from an address that is not new, or not one too many, go back to where the chain was jumped to from. Being used keeps no address: each costs anew. */
function otherAddress(field: 'ip6 saddr' | 'arp saddr ip'): readonly [string, NftChain] {
  const rules = [
    `iifname . ${field} @${KNOWN} return`,
    `update @${NEW} { iifname ${NEW_ONES} } ${drop('address-rate')}`,
    `add @${KNOWN} { iifname . ${field} }`,
  ];
  return ['other-address', { hook: null, rules }];
}

export const OTHER_ADDRESS_INET = otherAddress('ip6 saddr');
export const OTHER_ADDRESS_ARP = otherAddress('arp saddr ip');

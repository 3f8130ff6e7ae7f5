import type { NftChain, NftHook, NftMeter } from '../host-plan.js';
import type { MulticastSettings } from '../settings.js';
import { drop, FROM_NOBODY } from './drop-chains.js';
import { intervals } from './intervals.js';

/** The netlink log group (nfnetlink_log) in which the kernel tells what instances listen to. No other program may have it in the host's namespace. */
export const LISTENER_LOG_GROUP = 83;

/** What one tap may have told of listeners: an answer to a query, and changes. What is beyond that is a flood, and goes unheard. */
const REPORTS = 'limit rate over 50/second burst 200 packets';

/** What one tap may send to groups: each packet is copied for every receiver, and to every host that has one. */
const PACKETS = 'limit rate over 10000/second burst 10000 packets';

const BY_TAP: NftMeter = { type: 'ifname', size: 65_535, timeoutS: 86_400 };

/** Limits by tap, which packets fill: one lookup, however many taps. */
export const MULTICAST_METERS: ReadonlyArray<readonly [string, NftMeter]> = [
  ['listener-reports', BY_TAP],
  ['multicast-packets', BY_TAP],
];

/** After connection tracking, which the sender's policy asks (NF_IP_PRI_CONNTRACK is -200), and before `group-tables`. */
const hook: NftHook = { type: 'filter', hook: 'prerouting', priority: -140, policy: 'accept' };

/** Groups of the link alone: 224.0.0.0/24 (RFC 5771), and in IPv6 the scopes up to the link's, with any flags (RFC 4291, section 2.7). */
export const OF_LINK_V6 = Array.from({ length: 16 }, (_, flags) => [0, 1, 2].map((scope) => `ff${flags.toString(16)}${scope}::/16`))
  .flat()
  .join(', ');

/** What matches packets to groups wider than the link, by family. */
const TO_GROUPS = {
  4: 'ip daddr 224.0.1.0-239.255.255.255',
  6: `ip6 daddr ff00::/8 ip6 daddr != { ${OF_LINK_V6} }`,
} as const;

/**
 * Multicast (S10), on the sender's side. What an instance says of the groups that it listens to (IGMP, and MLD: types 131, 132 and 143) is told
 * to the agent. What it sends to a group has its sender's policy asked here, since it is never forwarded: `group-tables` copies it next.
 */
export const MULTICAST_CHAINS: ReadonlyArray<readonly [string, NftChain]> = [
  [
    'multicast',
    {
      hook,
      rules: [
        // All else ends here. Reports go to groups, too: of the link (RFC 3376, section 4.2.14; RFC 3810, section 5.2.14), or to those they are about.
        'ip daddr != 224.0.0.0/3 accept',
        'ip6 daddr != ff00::/8 accept',
        'iifname != "tap*" accept',
        'meta l4proto 2 goto listener',
        'icmpv6 type { 131, 132, 143 } goto listener',
        ...[TO_GROUPS[4], TO_GROUPS[6]].map((match) => `${match} goto multicast-egress`),
      ],
    },
  ],
  ['listener', { hook: null, rules: [`update @listener-reports { iifname ${REPORTS} } accept`, `log group ${LISTENER_LOG_GROUP}`] }],
  [
    'multicast-egress',
    {
      hook: null,
      rules: [`update @multicast-packets { iifname ${PACKETS} } ${drop('multicast-rate')}`, 'iifname vmap @egress', ...FROM_NOBODY],
    },
  ],
];

/** On the receiver's side: a copy for an instance leaves by the hook `output`, and has the receiver's policy asked there. */
export const TO_LISTENERS: readonly string[] = [TO_GROUPS[4], TO_GROUPS[6]].map((match) => `${match} oifname vmap @ingress`);

/** Tunnels are taken from hosts alone; what instances send to the host is shut before. Whole packets, since fragments have been put together. */
export function tunnelChains({ hosts, port }: MulticastSettings): ReadonlyArray<readonly [string, NftChain]> {
  const rule = `iifname != "tap*" udp dport ${port} ip saddr != { ${intervals(hosts, 4).join(', ')} } drop`;
  return [['tunnel', { hook: { ...hook, hook: 'input', priority: 5 }, rules: [rule] }]];
}

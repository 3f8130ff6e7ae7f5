import type { Mac } from '@manx/ip';
import type { NftChain, NftHook } from '../host-plan.js';

/** The netlink log group (nfnetlink_log) in which the kernel tells of announcements. No other program may have it in the host's namespace. */
export const CLAIM_LOG_GROUP = 80;

/**
 * How often an instance that is awaited may tell that it has come. A hypervisor says so five times or more in half a second (QEMU's `announce-rounds`),
 * and one is enough.
 */
const ARRIVAL_LIMIT = 'limit rate 10/second burst 10 packets';

/**
 * Hears an instance arrive by live migration, before all else: what it sends from its MAC as ARP, RARP (EtherType 0x8035, RFC 903, which
 * hypervisors send in its name) or neighbour advertisement. Nobody else has the tap.
 */
export function arrivalRules(mac: Mac): readonly string[] {
  return ['ether type { 0x0806, 0x8035 }', `icmpv6 type ${ADVERTISEMENT}`].map(
    (what) => `ether saddr ${mac} ${what} ${ARRIVAL_LIMIT} log group ${CLAIM_LOG_GROUP}`,
  );
}

/** What a tap may have told of: a failover announces each of its addresses five times over, twice; what is beyond that is a flood. */
const LIMIT = 'limit rate 100/second burst 300 packets';

/** ICMPv6 neighbour advertisement (RFC 4861, section 4.4). */
const ADVERTISEMENT = 136;

/** After every other chain of ours: only what passed the source checks, and was let through to the host, comes here. */
const hook: NftHook = { type: 'filter', hook: 'input', priority: 10, policy: 'accept' };

/** What one port announces, as fast as it may: the rest goes unheard and is let through as ever. */
export const CLAIM_CHAIN: NftChain = { hook: null, rules: [`${LIMIT} log group ${CLAIM_LOG_GROUP}`] };

/**
 * Tells the agent of announcements (S9) by the taps of `@claims`, those whose ports have pairs. IPv6: neighbour advertisements, of which the
 * agent reads the rest.
 */
export const CLAIM_CHAINS_INET: ReadonlyArray<readonly [string, NftChain]> = [
  ['claims', { hook, rules: [`icmpv6 type ${ADVERTISEMENT} iifname vmap @claims`] }],
];

/**
 * IPv4: ARP from an address about itself (RFC 5227, section 3), a request or an answer. A probe, whose sender has no address yet, claims
 * nothing. nft cannot compare the two addresses of a packet: within prefixes, the agent does.
 */
export const CLAIM_CHAINS_ARP: ReadonlyArray<readonly [string, NftChain]> = [
  [
    'claims',
    {
      hook,
      rules: [
        'iifname . arp saddr ip . arp daddr ip @pairs iifname vmap @claims',
        'iifname . ether saddr . arp saddr ether . arp saddr ip @sender-nets iifname vmap @claims',
      ],
    },
  ],
];

import type { DropReason } from '@manx/hoststate';
import type { Cidr, Family } from '@manx/ip';
import type { NftChain, NftHook } from '../host-plan.js';
import type { RenderSettings } from '../settings.js';
import { OTHER_ADDRESS_ARP, OTHER_ADDRESS_INET } from './address-chains.js';
import { DHCP_INPUT, dhcpChain } from './dhcp-chains.js';
import { DNS_FROM_LINK_LOCAL, dnsChains, dnsInput } from './dns-chains.js';
import { drop, dropChains, FROM_NOBODY, TO_NOBODY } from './drop-chains.js';
import { METADATA_FROM_LINK_LOCAL, metadataChains, metadataInput } from './metadata-chains.js';
import { MULTICAST_CHAINS, TO_LISTENERS, tunnelChains } from './multicast-chains.js';
import { ND_CHAINS, NEIGHBOUR_DISCOVERY } from './nd-chains.js';
import { FORWARDED_ALREADY, NOT_TRANSLATED } from './optional-chains.js';
import { prefixesOf } from './peer-match.js';

/**
 * Before the kernel puts fragments together (NF_IP_PRI_CONNTRACK_DEFRAG is -400, include/uapi/linux/netfilter_ipv4.h). The first fragment has all that is
 * asked here: 8 bytes of payload at least, and in IPv6 every header (RFC 7112, which the kernel sees to). All later chains see whole
 * packets, those of stateless groups too.
 */
const BEFORE_DEFRAG = -450;

/** Neighbour discovery (RFC 4861) and multicast listener reports (RFC 2710, RFC 3810), of all that a host hears. */
const ND_AND_MLD = `131, 132, 143, ${NEIGHBOUR_DISCOVERY}`;

/** Of the reasons that `DROP_REASONS` has, those that the table `inet manx` drops for. */
const INET_REASONS = [
  'unknown-tap',
  'port-down',
  'source',
  'source-route',
  'nd',
  'ra',
  'redirect',
  'dhcp-server',
  'protected',
  'host-service',
  'dns-rate',
  'dhcp-rate',
  'address-rate',
  'link-scope',
  'multicast-rate',
  'egress-rate',
  'egress-connections',
  'egress-invalid',
  'egress-not-syn',
  'egress-policy',
  'floating-egress-rate',
  'floating-ingress-rate',
  'to-unknown-tap',
  'to-port-down',
  'floating-port',
  'ingress-rate',
  'ingress-connections',
  'ingress-invalid',
  'ingress-not-syn',
  'ingress-policy',
] as const satisfies readonly DropReason[];

/** How the table `inet manx` drops, and counts what it drops. */
export const INET_DROPS = dropChains(INET_REASONS);

/** In words that the kernel compares without a lookup, as a verdict map would need. */
const OF_KNOWN_FLOWS = 'ct state established,related';

const hook = (name: string, priority: number): NftHook => ({ type: 'filter', hook: name, priority, policy: 'accept' });

/**
 * The chains that every host has, by name. Policy `accept` is for traffic that is not ours (no tap on either side);
 * whatever touches a tap ends in an accept by rule or a named drop. The two forward chains are separate base chains, because
 * `accept` ends only the chain it is said in: local traffic passes the egress policy of the one *and* the ingress policy of the other.
 */
export function fixedChains(settings: RenderSettings): ReadonlyArray<readonly [string, NftChain]> {
  const { protectedPrefixes, endpointToHost, metadataPort: port, dns, dhcpLimit } = settings;
  return [
    ...INET_DROPS.chains,
    // Each fragment shows its source: a forged one must not get among those of another instance. And no forged packet costs a
    // conntrack entry (S17, S18, S20).
    ['prerouting', { hook: hook('prerouting', BEFORE_DEFRAG), rules: sourceRules(protectedPrefixes) }],
    ['never-from-guest', { hook: null, rules: NEVER_FROM_GUEST }],
    ['source-routes', { hook: null, rules: SOURCE_ROUTES }],
    ...ND_CHAINS,
    ['unaddressed', { hook: null, rules: UNADDRESSED }],
    [
      'link-local',
      {
        hook: null,
        rules: [
          ...(port === undefined ? [] : [METADATA_FROM_LINK_LOCAL]),
          ...(dns === undefined ? [] : DNS_FROM_LINK_LOCAL),
          ...LINK_LOCAL,
        ],
      },
    ],
    ...MULTICAST_CHAINS,
    ...(settings.multicast === undefined ? [] : tunnelChains(settings.multicast)),
    ['input', { hook: hook('input', 0), rules: INPUT }],
    ['as-itself', { hook: null, rules: AS_ITSELF }],
    OTHER_ADDRESS_INET,
    ['dhcp', dhcpChain(dhcpLimit)],
    [
      'guest-to-host',
      {
        hook: null,
        rules: [
          AS_ITSELF_FIRST,
          ...DHCP_INPUT,
          ...(dns === undefined ? [] : dnsInput(dns)),
          ...GUEST_TO_HOST,
          ...(port === undefined ? [] : metadataInput(port)),
          ...REST_TO_HOST[endpointToHost],
        ],
      },
    ],
    ...(port === undefined ? [] : metadataChains(port)),
    ...(dns === undefined ? [] : dnsChains(dns)),
    ...forwardChains({ hasFloating: false, hasChecked: false }),
    ['stateful-egress', { hook: null, rules: statefulRules('egress') }],
    ['stateful-ingress', { hook: null, rules: statefulRules('ingress') }],
    ['output', { hook: hook('output', 0), rules: ['oifname != "tap*" accept', ...TO_LISTENERS, 'oifname @taps accept', ...TO_NOBODY] }],
  ];
}

/** Who an instance may be (S17), and where none ever gets (S18). Independent of routes. */
function sourceRules(protectedPrefixes: readonly Cidr[]): string[] {
  return [
    'iifname != "tap*" accept',
    'meta l4proto != 6 jump never-from-guest',
    // All but IPv4 without options, by the first byte: version and length of the header.
    '@nh,0,8 != 0x45 jump source-routes',
    ...([4, 6] as const).flatMap((family) => protectedRules(family, protectedPrefixes)),
    'iifname . ether saddr . ip saddr @sources-v4 accept',
    'iifname . ether saddr . ip6 saddr @sources-v6 accept',
    'iifname . ether saddr . ip saddr @source-nets-v4 accept',
    'iifname . ether saddr . ip6 saddr @source-nets-v6 accept',
    'iifname @unsecured accept',
    'iifname . ether saddr @macs goto unaddressed',
    `iifname @taps ${drop('source')}`,
    ...FROM_NOBODY,
  ];
}

function protectedRules(family: Family, protectedPrefixes: readonly Cidr[]): string[] {
  const prefixes = prefixesOf(family, protectedPrefixes);
  return prefixes === null ? [] : [`${family === 4 ? 'ip' : 'ip6'} daddr ${prefixes} ${drop('protected')}`];
}

/** A guest is no router and no DHCP server, whatever address it says it from, and behind whatever headers (S18). */
const NEVER_FROM_GUEST: readonly string[] = [
  `udp sport 67 udp dport 68 ${drop('dhcp-server')}`,
  `udp sport 547 udp dport 546 ${drop('dhcp-server')}`,
  'meta l4proto 17 return',
  `icmp type 5 ${drop('redirect')}`,
  'meta l4proto 1 return',
  `icmpv6 type 134 ${drop('ra')}`,
  `icmpv6 type 137 ${drop('redirect')}`,
  `icmpv6 type { ${NEIGHBOUR_DISCOVERY} } jump nd`,
];

/** Ways that a packet says it wants to go. Types 0 and 1 of IPv6 are deprecated as ways around every filter (RFC 5095); behind a header of options, too. */
const SOURCE_ROUTES: readonly string[] = [
  ...['lsrr', 'ssrr', 'rr'].map((option) => `ip hdrlength > 5 ip option ${option} exists ${drop('source-route')}`),
  `ip6 nexthdr { 0, 43, 44, 60 } rt type { 0, 1 } ${drop('source-route')}`,
];

/** From the port's own MAC, but not from its addresses: what a guest says before it has any, or on the link only. */
const UNADDRESSED: readonly string[] = [
  'ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept',
  `ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type { ${ND_AND_MLD} } accept`,
  // Any link-local address: guests may make theirs up (RFC 7217), and it reaches nobody but this host.
  'ip6 saddr fe80::/64 ip6 daddr { fe80::/64, ff02::/16 } goto link-local',
  drop('source'),
];

const LINK_LOCAL: readonly string[] = [
  `icmpv6 type { 1, 2, 3, 4, 128, 129, ${ND_AND_MLD} } accept`,
  'udp sport 546 udp dport 547 accept',
  drop('host-service'),
];

const INPUT: readonly string[] = ['iifname != "tap*" accept', 'iifname @taps goto guest-to-host', ...FROM_NOBODY];

/**
 * To its host every instance speaks only as itself (S18), also without port security, and however wide its pairs: the host's own flows,
 * BGP's among them, are known by their addresses, and nobody may answer in another's name. From within a prefix it may look for
 * its neighbours only, and from no more than so many addresses that are not its own (`other-address`).
 */
const AS_ITSELF: readonly string[] = [
  'iifname . ether saddr . ip saddr @sources-v4 return',
  'iifname . ether saddr . ip6 saddr @sources-v6 return',
  `iifname . ether saddr . ip6 saddr @source-nets-v6 icmpv6 type { ${ND_AND_MLD} } goto other-address`,
  'ip saddr 0.0.0.0 iifname . ether saddr @macs udp sport 68 udp dport 67 return',
  `ip6 saddr :: ip6 daddr ff02::/16 iifname . ether saddr @macs icmpv6 type { ${ND_AND_MLD} } return`,
  'ip6 saddr fe80::/64 ip6 daddr { fe80::/64, ff02::/16 } iifname . ether saddr @macs goto other-address',
  drop('source'),
];

const AS_ITSELF_FIRST = 'jump as-itself';

/** S18: DHCP, ICMP, neighbour discovery, and answers to what the host began; metadata (`metadataInput`) follows. */
const GUEST_TO_HOST: readonly string[] = [
  `ct state vmap { established : accept, related : accept, invalid : ${drop('egress-invalid')} }`,
  'meta nfproto ipv4 udp sport 68 udp dport 67 accept',
  'meta nfproto ipv6 udp sport 546 udp dport 547 accept',
  'icmp type 8 accept',
  `icmpv6 type { 128, ${ND_AND_MLD} } accept`,
];

/** S18: no guest is a router's peer, even where it may use its host's services: BGP, and BFD over one hop, its echo, and over several (RFC 5881, RFC 5883). */
const REST_TO_HOST: Readonly<Record<RenderSettings['endpointToHost'], readonly string[]>> = {
  drop: [drop('host-service')],
  accept: [`tcp dport 179 ${drop('host-service')}`, `udp dport { 3784, 3785, 4784 } ${drop('host-service')}`, 'accept'],
};

/** Broadcast, multicast and link-local destinations stay on the link (S3). One prefix a rule, which the kernel compares without a lookup. */
const LINK_SCOPE: readonly string[] = ['ip daddr 224.0.0.0/3', 'ip daddr 169.254.0.0/16', 'ip6 daddr fe80::/10', 'ip6 daddr ff00::/8'].map(
  (match) => `${match} iifname "tap*" ${drop('link-scope')}`,
);

/**
 * What is on its way through, by the sender's policy and then by the receiver's. Packets of flows that the sender's policy has let through already end
 * here, whichever tap they come by: that this one is known, and who may send by it, has been asked of each of them in `prerouting`. Not so those by the taps `@checked`, of
 * which there is a rule for every packet. A host with floating IPs has rules of its own.
 */
export function forwardChains({
  hasFloating,
  hasChecked,
}: {
  readonly hasFloating: boolean;
  readonly hasChecked: boolean;
}): ReadonlyArray<readonly [string, NftChain]> {
  const from = [
    ...LINK_SCOPE,
    `${hasChecked ? 'iifname != @checked ' : ''}${OF_KNOWN_FLOWS} accept`,
    'iifname != "tap*" accept',
    ...(hasFloating ? [FORWARDED_ALREADY] : []),
    'iifname vmap @egress',
    ...FROM_NOBODY,
  ];
  const to = ['oifname != "tap*" accept', ...(hasFloating ? [NOT_TRANSLATED] : []), 'oifname vmap @ingress', ...TO_NOBODY];
  return [
    ['forward-from', { hook: hook('forward', -1), rules: from }],
    ['forward-to', { hook: hook('forward', 0), rules: to }],
  ];
}

/**
 * Shared by all endpoints. A TCP segment that begins no connection may not begin a flow either: otherwise the answers
 * of a flow that was just cut would bring it back (S16).
 */
function statefulRules(direction: 'egress' | 'ingress', ...exceptions: readonly string[]): readonly string[] {
  return [
    `${OF_KNOWN_FLOWS} accept`,
    `ct state invalid ${drop(`${direction}-invalid`)}`,
    ...exceptions,
    `tcp flags & (fin | syn | rst | ack) != syn ct state new ${drop(`${direction}-not-syn`)}`,
  ];
}

/** What conntrack has of a connection that was picked up in the middle (connmark); `M` and `p`. */
export const PICKED_UP_MARK = 0x4d70;

/**
 * What takes the place of chains of the same names while an instance is here, or awaited, whose connections may have begun on another host: this
 * one knows nothing of them, and judges their next segment as if it were the first. Only what acknowledges something goes on. It is marked, because
 * nothing tells here which end began it.
 */
export const STATEFUL_OF_MOVED: ReadonlyArray<readonly [string, NftChain]> = (['egress', 'ingress'] as const).map((direction) => {
  const tap = direction === 'egress' ? 'iifname' : 'oifname';
  return [
    `stateful-${direction}`,
    {
      hook: null,
      rules: statefulRules(
        direction,
        `${tap} @moved tcp flags & (syn | rst | ack) == ack ct state new ct mark set 0x${PICKED_UP_MARK.toString(16)} return`,
      ),
    },
  ];
});

const arpHook = (name: string): NftHook => ({ type: 'filter', hook: name, priority: 0, policy: 'accept' });

/** How the table `arp manx` drops, and counts what it drops. */
export const ARP_DROPS = dropChains(['unknown-tap', 'port-down', 'arp', 'address-rate', 'to-unknown-tap', 'to-port-down', 'own-address']);

/**
 * ARP (S3, S17): a guest speaks only for itself, in both the Ethernet and the ARP header. And the host, which answers
 * by proxy for the rest of the world, never answers a guest for the guest's own addresses: that would be a conflict (RFC 5227). Nor
 * does it answer the announcement of an address that several may have: but a request for it, which is for another holder.
 */
export const ARP_CHAINS: ReadonlyMap<string, NftChain> = new Map<string, NftChain>([
  ...ARP_DROPS.chains,
  OTHER_ADDRESS_ARP,
  [
    'input',
    {
      hook: arpHook('input'),
      rules: [
        'iifname != "tap*" accept',
        'iifname . ether saddr . arp saddr ether . arp saddr ip @senders accept',
        'iifname . ether saddr . arp saddr ether . arp saddr ip @sender-nets jump other-address',
        'iifname . ether saddr . arp saddr ether . arp saddr ip @sender-nets accept',
        'iifname @unsecured jump other-address',
        'iifname @unsecured accept',
        `iifname @taps ${drop('arp')}`,
        ...FROM_NOBODY,
      ],
    },
  ],
  [
    'output',
    {
      hook: arpHook('output'),
      rules: [
        'oifname != "tap*" accept',
        `oifname . arp saddr ip @own ${drop('own-address')}`,
        `oifname . arp saddr ip . arp daddr ip @pairs ${drop('own-address')}`,
        'oifname @taps accept',
        ...TO_NOBODY,
      ],
    },
  ],
]);

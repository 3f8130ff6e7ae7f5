import { familyOf } from '@manx/ip';
import type { ProgramPlan } from '../host-plan.js';
import { MANX_ROUTE_PROTOCOL } from '../route-identity.js';
import { birdProblems } from './bird-problems.js';
import type { BirdPeer, BirdSettings } from './bird-settings.js';

/** Our own routes win over what peers say of the same address: above BGP's 100 (BIRD 2 manual, "Route preference"). */
const LOCAL_PREFERENCE = 200;

/** Learned only so that iBGP next hops resolve: below everything. */
const ALIEN_PREFERENCE = 1;

/** Seconds. A link that goes down ends its session at once; the hold time is for peers that fall silent on a link that stays up. */
const TIMERS = [
  'connect delay time 0;',
  'connect retry time 1;',
  'error wait time 1, 5;',
  'error forget time 30;',
  'hold time 30;',
  'keepalive time 10;',
];

/** Silence of 600 ms ends a session, and its routes with it: what a dead host had goes elsewhere within a second (S8). */
const BFD = '  bfd { interval 150 ms; multiplier 4; };';

/** What no peer may teach a host: addresses that never leave a link or a machine, the metadata address among them. */
const NEVER_LEARNED = {
  4: ['127.0.0.0/8+', '169.254.0.0/16+', '224.0.0.0/3+'],
  6: ['::/127+', 'fe80::/10+', 'ff00::/8+'],
} as const;

/** The name of a peer's protocol in BIRD, as `show protocols` tells it. */
export function birdProtocolName(peer: Pick<BirdPeer, 'name'>): string {
  return `peer-${peer.name}`;
}

/**
 * The file `bird.conf` of a host. A change of it takes BIRD's `configure`, which keeps every session that it does not concern.
 *
 * **Announced**: the kernel's routes of protocol MANX_ROUTE_PROTOCOL, and nothing else; BIRD hears of them by netlink (and
 * looks every 2 s besides), so that the agent tells it nothing. The host is no transit: what one peer says is not told to another.
 * A kernel metric becomes the MED (eBGP: lower is better) or `2147483647 - metric` as the local preference (iBGP: higher is better).
 *
 * **Learned**: what the peers announce, the default route as well, but nothing link-local, loopback or multicast. Equal paths are
 * all used (ECMP), also those that a route reflector passes on by ADD-PATH (RFC 7911). The kernel gets them as protocol `bird` (12), metric 32. For an address that has a route of ours, or a
 * connected prefix, ours stays: a peer cannot draw away what is here. Taps are not looked at for connected prefixes.
 *
 * **When BIRD is away**: peers keep the host's routes for 120 s (graceful restart, RFC 4724), and the kernel keeps BIRD's. Start
 * it again with `birdRecoverCommand`. On SIGTERM it takes its routes out of the kernel.
 *
 * Host and peers need different AS numbers per host (eBGP): a host refuses what carries its own number.
 * A top-of-rack router that goes with it, in BIRD's language, for two hosts; it needs nothing of Manx:
 *
 *     router id 198.18.0.1;
 *     protocol device { }
 *     protocol direct { ipv4; ipv6; }
 *     protocol kernel { learn; merge paths on; graceful restart on; ipv4 { export where source = RTS_BGP; }; }
 *     protocol kernel { learn; merge paths on; graceful restart on; ipv6 { export where source = RTS_BGP; }; }
 *     template bgp host {
 *       local as 64600;
 *       connect delay time 0; connect retry time 1; error wait time 1, 5;
 *       hold time 30; keepalive time 10;
 *       graceful restart on;
 *     }
 *     protocol bgp h1v4 from host { neighbor 198.18.1.2 as 65001; ipv4 { import all; export all; next hop self; }; }
 *     protocol bgp h1v6 from host { neighbor fd00:198:18:1::2 as 65001; ipv6 { import all; export all; next hop self; }; }
 *     protocol bgp h2v4 from host { neighbor 198.18.2.2 as 65002; ipv4 { import all; export all; next hop self; }; }
 *     protocol bgp h2v6 from host { neighbor fd00:198:18:2::2 as 65002; ipv6 { import all; export all; next hop self; }; }
 *
 * Throws a RangeError with the first of `birdProblems` when there is one: nothing unsafe is ever rendered.
 */
export function renderBird(settings: BirdSettings): ProgramPlan {
  const [first] = birdProblems(settings);
  if (first !== undefined) throw new RangeError(`${first.subject} ${first.detail}`);
  const hasIbgp = settings.peers.some(({ asn }) => asn === settings.asn);
  const text = [
    '# Written by manx-agent; changes are overwritten.',
    `log stderr { warning, error, fatal, bug, auth, remote };`,
    `router id ${settings.routerId};`,
    'graceful restart wait 10;',
    'protocol device { scan time 10; }',
    'protocol direct { ipv4; ipv6; interface -"tap*", "*"; }',
    ...(settings.peers.some(({ bfd }) => bfd === true) ? ['protocol bfd { }'] : []),
    '',
    ...learnFilter(4),
    ...learnFilter(6),
    ...announceFilter('manx_announce_external', 'bgp_med = krt_metric'),
    ...announceFilter('manx_announce_internal', 'bgp_local_pref = 2147483647 - krt_metric'),
    ...kernelProtocol(4, hasIbgp),
    ...kernelProtocol(6, hasIbgp),
    ...settings.peers.flatMap((peer) => peerProtocol(peer, settings)),
  ];
  return { files: new Map([['bird.conf', text.map((line) => `${line}\n`).join('')]]) };
}

function learnFilter(family: 4 | 6): string[] {
  return [`filter manx_learn${family} {`, `  if net ~ [ ${NEVER_LEARNED[family].join(', ')} ] then reject;`, '  accept;', '}', ''];
}

function announceFilter(name: string, metric: string): string[] {
  return [
    `filter ${name} {`,
    '  if source != RTS_INHERIT then reject;',
    `  if krt_source != ${MANX_ROUTE_PROTOCOL} then reject;`,
    `  if defined(krt_metric) then ${metric};`,
    '  accept;',
    '}',
    '',
  ];
}

function kernelProtocol(family: 4 | 6, hasIbgp: boolean): string[] {
  return [
    `protocol kernel 'manx-kernel${family}' {`,
    '  learn;',
    '  scan time 2;',
    '  merge paths on;',
    '  graceful restart on;',
    `  ipv${family} {`,
    '    import filter {',
    `      if krt_source = ${MANX_ROUTE_PROTOCOL} then { preference = ${LOCAL_PREFERENCE}; accept; }`,
    hasIbgp ? `      preference = ${ALIEN_PREFERENCE}; accept;` : '      reject;',
    '    };',
    '    export where source = RTS_BGP;',
    '  };',
    '}',
    '',
  ];
}

function peerProtocol(peer: BirdPeer, settings: BirdSettings): string[] {
  const family = familyOf(peer.address);
  const announce = peer.asn === settings.asn ? 'manx_announce_internal' : 'manx_announce_external';
  return [
    `protocol bgp '${birdProtocolName(peer)}' {`,
    `  local ${peer.localAddress === undefined ? '' : `${peer.localAddress} `}as ${settings.asn};`,
    `  neighbor ${peer.address} as ${peer.asn};`,
    ...(peer.password === undefined ? [] : [`  password "${peer.password}";`]),
    ...TIMERS.map((timer) => `  ${timer}`),
    '  graceful restart on;',
    ...(peer.bfd === true ? [BFD] : []),
    `  ipv${family} { add paths rx; import filter manx_learn${family}; export filter ${announce}; next hop self; };`,
    '}',
    '',
  ];
}

import { type Cidr, familyOf } from '@manx/ip';
import type { ProgramPlan } from '../host-plan.js';
import { MANX_ROUTE_PROTOCOL } from '../route-identity.js';
import { acceptLines, isInternal } from './accept-lines.js';
import { birdCommunity } from './bird-community.js';
import { birdProblems } from './bird-problems.js';
import { BIRD_BFD, BIRD_MAX_PREFIX, type BirdPeer, type BirdSettings } from './bird-settings.js';

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
 * **Learned**: what a peer may teach (`acceptLines`), up to a limit of routes. Equal paths are all used (ECMP), also
 * those that a route reflector passes on by ADD-PATH (RFC 7911). The kernel gets them as protocol `bird` (12), metric 32. For an address that has a route of ours, or a connected prefix, ours stays: a peer cannot draw
 * away what is here. A route inside a prefix of ours (a pair) may be elsewhere, as S8 wants. Taps are not looked at for connected prefixes.
 *
 * **When BIRD is away**: peers keep the host's routes for 120 s (graceful restart, RFC 4724), and the kernel keeps BIRD's. Start
 * it again with `birdRecoverCommand`. On SIGTERM it takes its routes out of the kernel. A peer with BFD sees BIRD's end as that of the
 * host, unless it is told otherwise (`bfd graceful` in a BIRD): that is what BFD is for.
 *
 * Host and peers need different AS numbers per host (eBGP): a host refuses what carries its own number. Where an AS number is that of a peer (`localAsn`), which
 * many hosts have alike, it is taken: a host passes on nothing, so that no loop can come of it.
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
  const hasIbgp = settings.peers.some((peer) => isInternal(peer, settings));
  const text = [
    '# Written by manx-agent; changes are overwritten.',
    `log stderr { warning, error, fatal, bug, auth, remote };`,
    `router id ${settings.routerId};`,
    'graceful restart wait 10;',
    'protocol device { scan time 10; }',
    'protocol direct { ipv4; ipv6; interface -"tap*", "*"; }',
    '',
    ...bfdProtocol(settings),
    ...kernelProtocol(4, hasIbgp),
    ...kernelProtocol(6, hasIbgp),
    ...settings.peers.flatMap((peer) => peerProtocol(peer, settings)),
  ];
  return { files: new Map([['bird.conf', text.map((line) => `${line}\n`).join('')]]) };
}

/** Not on taps: no instance is a peer. */
function bfdProtocol({ peers, bfd = BIRD_BFD }: BirdSettings): string[] {
  if (!peers.some(({ hasBfd }) => hasBfd === true)) return [];
  const pace = `interval ${bfd.intervalMs} ms; idle tx interval 1 s; multiplier ${bfd.multiplier};`;
  return ["protocol bfd 'manx-bfd' {", `  interface -"tap*", "*" { ${pace} };`, `  multihop { ${pace} };`, '}', ''];
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
  const { limit, action } = peer.maxPrefix ?? BIRD_MAX_PREFIX;
  return [
    `protocol bgp '${birdProtocolName(peer)}' {`,
    `  local ${peer.localAddress === undefined ? '' : `${peer.localAddress} `}as ${peer.localAsn ?? settings.asn};`,
    `  neighbor ${peer.address} as ${peer.asn};`,
    ...(peer.multihop === undefined ? [] : [`  multihop ${peer.multihop};`]),
    ...(peer.hasTtlSecurity === true ? ['  ttl security on;'] : []),
    ...(peer.password === undefined ? [] : [`  password "${peer.password}";`]),
    ...TIMERS.map((timer) => `  ${timer}`),
    '  graceful restart on;',
    ...(peer.hasBfd === true ? ['  bfd on;'] : []),
    ...(peer.localAsn !== undefined && !isInternal(peer, settings) ? ['  allow local as 1;'] : []),
    `  ipv${family} {`,
    '    add paths rx;',
    ...filter('import', acceptLines(peer, settings)),
    `    import limit ${limit} action ${action};`,
    ...filter('export', announceLines(peer, settings)),
    '    next hop self;',
    '  };',
    '}',
    '',
  ];
}

function filter(direction: 'import' | 'export', lines: readonly string[]): string[] {
  return [`    ${direction} filter {`, ...lines.map((line) => `      ${line}`), '    };'];
}

/** The host's own routes and nothing else, with their metric and the peer's communities. */
function announceLines(peer: BirdPeer, settings: BirdSettings): string[] {
  const communities = (peer.communities ?? []).flatMap((text) => birdCommunity(text) ?? []);
  return [
    'if source != RTS_INHERIT then reject;',
    `if krt_source != ${MANX_ROUTE_PROTOCOL} then reject;`,
    ...announcedLines(peer.announced),
    `if defined(krt_metric) then ${isInternal(peer, settings) ? 'bgp_local_pref = 2147483647 - krt_metric' : 'bgp_med = krt_metric'};`,
    ...communities.map(({ attribute, value }) => `${attribute}.add(${value});`),
    'accept;',
  ];
}

function announcedLines(announced: readonly Cidr[] | undefined): string[] {
  if (announced === undefined) return [];
  if (announced.length === 0) return ['reject;'];
  return [`if !(net ~ [ ${announced.map((prefix) => `${prefix}+`).join(', ')} ]) then reject;`];
}

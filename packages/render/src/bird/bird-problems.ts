import type { Problem } from '@manx/hoststate';
import { familyOf, type Ip, isLinkLocal, isUnspecified, parseCidr } from '@manx/ip';
import { isInternal, isOnLink } from './accept-lines.js';
import { birdCommunity } from './bird-community.js';
import { BIRD_BFD, BIRD_LIMIT_ACTIONS, BIRD_MAX_PREFIX, type BirdBfd, type BirdPeer, type BirdSettings } from './bird-settings.js';

const MAX_ASN = 0xff_ff_ff_ff;
const PEER_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;

/** BIRD's texts in quotes have no escape; TCP_MD5SIG_MAXKEYLEN of the kernel is 80 (include/uapi/linux/tcp.h). */
const PASSWORD = /^[ !#-~]{1,80}$/;

const MAX_SOCKET_BYTES = 107;

/** Why these settings cannot be said in BIRD's language, in the order of the settings; empty when they can. Passwords are never shown. */
export function birdProblems(settings: BirdSettings): readonly Problem[] {
  const names = settings.peers.map(({ name }) => name);
  const repeated = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return [
    ...wrong(isAsn(settings.asn), 'bgp.asn', 'must be an AS number, 1 to 4294967295'),
    ...wrong(
      familyOf(settings.routerId) === 4 && !isUnspecified(settings.routerId),
      'bgp.router_id',
      'must be an IPv4 address other than 0.0.0.0',
    ),
    ...wrong(
      new TextEncoder().encode(settings.controlSocket).length <= MAX_SOCKET_BYTES,
      'run_dir',
      'is too long for a socket in it: 107 bytes at most',
    ),
    ...bfdProblems(settings.bfd ?? BIRD_BFD),
    ...settings.peers.flatMap((peer, index) => [...peerProblems(peer, index), ...sessionProblems(peer, settings)]),
    ...repeated.map((name) => problem(`bgp.peers.${name}`, 'is the name of more than one peer')),
  ];
}

function peerProblems(peer: BirdPeer, index: number): Problem[] {
  if (!PEER_NAME.test(peer.name)) {
    return [problem(`bgp.peers.${index}.name`, 'must be a letter and up to 39 more letters, digits, `-` and `_`')];
  }
  const at = `bgp.peers.${peer.name}`;
  const local = peer.localAddress;
  return [
    ...wrong(isAsn(peer.asn) && isAsn(peer.localAsn ?? 1), `${at}.asn`, 'must be an AS number, 1 to 4294967295'),
    ...wrong(isUsable(peer.address), `${at}.address`, 'must be a unicast address that is not link-local'),
    ...wrong(
      peer.password === undefined || PASSWORD.test(peer.password),
      `${at}.password`,
      'must be 1 to 80 printable ASCII characters, no double quote',
    ),
    ...wrong(
      local === undefined || (isUsable(local) && familyOf(local) === familyOf(peer.address)),
      `${at}.local_address`,
      "must be a unicast address of the peer's family",
    ),
  ];
}

/** What the peer's session asks for beyond who it is. A peer whose name cannot be said is told of already. */
function sessionProblems(peer: BirdPeer, settings: BirdSettings): Problem[] {
  if (!PEER_NAME.test(peer.name)) return [];
  const at = `bgp.peers.${peer.name}`;
  const { limit, action } = peer.maxPrefix ?? BIRD_MAX_PREFIX;
  return [
    ...wrong(isWithin(limit, 1, 10_000_000), `${at}.max_prefix.limit`, 'must be 1 to 10000000'),
    ...wrong(BIRD_LIMIT_ACTIONS.includes(action), `${at}.max_prefix.action`, `must be one of ${BIRD_LIMIT_ACTIONS.join(', ')}`),
    ...wrong(
      (peer.accept ?? []).every((one) => one === 'default' || one === 'any' || isProperPrefix(one)),
      `${at}.accept`,
      'must be default, any, or prefixes longer than /0',
    ),
    ...wrong(
      (peer.communities ?? []).every((text) => birdCommunity(text) !== null),
      `${at}.communities`,
      'must be such as 65000:100 (up to 65535 each) or 65000:1:2',
    ),
    ...wrong(
      peer.multihop === undefined || (isWithin(peer.multihop, 2, 255) && !isInternal(peer, settings)),
      `${at}.multihop`,
      'must be 2 to 255, and is for peers of another AS',
    ),
    ...wrong(
      peer.hasTtlSecurity !== true || isOnLink(peer, settings),
      `${at}.ttl_security`,
      'is for peers of another AS on a link of this host, without multihop',
    ),
    ...wrong(
      peer.hasBfd !== true || isOnLink(peer, settings) || peer.localAddress !== undefined,
      `${at}.bfd`,
      'needs local_address, where the peer is of the same AS or has multihop',
    ),
  ];
}

function bfdProblems({ intervalMs, multiplier }: BirdBfd): Problem[] {
  return [
    ...wrong(isWithin(intervalMs, 10, 60_000), 'bgp.bfd.interval_ms', 'must be 10 to 60000'),
    ...wrong(isWithin(multiplier, 2, 255), 'bgp.bfd.multiplier', 'must be 2 to 255'),
  ];
}

/** Of everything one says `any`, of the default route alone `default`. */
function isProperPrefix(text: string): boolean {
  const parsed = parseCidr(text);
  return parsed !== null && !parsed.hostBits && parsed.cidr === text && !text.endsWith('/0');
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** A link-local peer would need its interface named. */
function isUsable(ip: Ip): boolean {
  return !isLinkLocal(ip) && !isUnspecified(ip);
}

function isAsn(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_ASN;
}

function wrong(isRight: boolean, subject: string, detail: string): Problem[] {
  return isRight ? [] : [problem(subject, detail)];
}

function problem(subject: string, detail: string): Problem {
  return { code: 'bad_bgp_setting', subject, detail };
}

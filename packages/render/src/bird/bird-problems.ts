import type { Problem } from '@manx/hoststate';
import { familyOf, type Ip, isLinkLocal, isUnspecified } from '@manx/ip';
import type { BirdPeer, BirdSettings } from './bird-settings.js';

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
    ...settings.peers.flatMap(peerProblems),
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
    ...wrong(isAsn(peer.asn), `${at}.asn`, 'must be an AS number, 1 to 4294967295'),
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

import { DROP_REASONS, type DropReason, hasPorts, type SeenPacket } from '@manx/hoststate';
import type { Ip, Mac } from '@manx/ip';
import type { Cloud } from './cloud.js';
import { explain } from './explain.js';
import type { BlockerCode } from './explanation.js';
import { hasAddress } from './find-ends.js';

/** One packet that the host of a port dropped. */
export type Dropped = {
  readonly reason: DropReason;
  /** The port whose tap counted it; null: nobody's. */
  readonly endpoint: string | null;
  /** Who sent the frame; null where that is not known. */
  readonly mac: Mac | null;
  readonly packet: SeenPacket;
};

/** What a dropped packet tells beyond its reason. */
export type DropFinding = {
  /** What the ports at the other end are called, as far as the asker may see them; at most three. */
  readonly peers: readonly string[];
  /** The rule that is missing or the check that it failed, in a sentence without a full stop; null: the reason says it all. */
  readonly check: string | null;
  /** The smallest change that lets such a packet pass this check, as a command; null: there is none, or none that is known. */
  readonly opening: string | null;
};

/** What stops a flow where a packet was dropped for a reason; reasons that are not here speak for themselves. */
const CODES: { readonly [R in DropReason]?: readonly BlockerCode[] } = {
  source: ['source-not-own'],
  'egress-policy': ['no-policy', 'no-rule'],
  'ingress-policy': ['no-policy', 'no-rule'],
  'host-service': ['host-service'],
  'link-scope': ['link-only'],
  'floating-port': ['not-forwarded'],
  'port-down': ['endpoint-down'],
  'to-port-down': ['endpoint-down'],
};

const MOST_PEERS = 3;

/**
 * Names the rule or check by which a packet was dropped, and what would let such a one pass: by what the hosts are to enforce now, since the rules of
 * then are not kept. Costs as `explain`.
 */
export function explainDrop(cloud: Cloud, dropped: Dropped): DropFinding {
  const { packet, reason, endpoint } = dropped;
  if (packet.kind === 'other' || endpoint === null || cloud.placeOf(endpoint) === undefined)
    return { peers: [], check: null, opening: null };
  if (packet.kind === 'arp') return { peers: [], ...(reason === 'arp' ? senderCheck(cloud, { ...dropped, endpoint, packet }) : NO_CHECK) };
  const isEgress = DROP_REASONS[reason].direction === 'egress';
  const others = cloud.placesOf(isEgress ? packet.destination : packet.source).filter((place) => place.endpoint.id !== endpoint);
  const peers = others.map((place) => cloud.words.endpoint(place.endpoint.id)).sort();
  const byMac = reason === 'source' ? macCheck(cloud, { ...dropped, endpoint, packet }) : null;
  return { peers: peers.slice(0, MOST_PEERS), ...(byMac ?? flowCheck(cloud, { reason, endpoint, packet })) };
}

type Check = Pick<DropFinding, 'check' | 'opening'>;

const NO_CHECK: Check = { check: null, opening: null };

function flowCheck(
  cloud: Cloud,
  {
    reason,
    endpoint,
    packet,
  }: Pick<Dropped, 'reason'> & { readonly endpoint: string; readonly packet: SeenPacket & { readonly kind: 'ip' } },
): Check {
  const codes = CODES[reason];
  const { protocol, sport, dport, icmp } = packet;
  // A later fragment does not show what rules ask for.
  if (codes === undefined || (hasPorts(protocol) && dport === null)) return NO_CHECK;
  const isEgress = DROP_REASONS[reason].direction === 'egress';
  const { ways } = explain(cloud, {
    protocol,
    port: dport,
    icmp,
    fromPort: sport,
    source: { ip: packet.source, endpoint: isEgress ? endpoint : null, absence: null },
    destination: { ip: packet.destination, endpoint: isEgress ? null : endpoint, absence: null },
  });
  const blocker = ways
    .flatMap(({ blockers }) => blockers)
    .find(
      (one) =>
        codes.includes(one.code) &&
        one.direction === 'forward' &&
        one.side === sideOf(one.code, isEgress) &&
        (one.endpoint === null || one.endpoint === endpoint),
    );
  if (blocker === undefined) return { check: 'by what is wanted now such a packet passes here', opening: null };
  return { check: blocker.text, opening: blocker.opening?.text ?? null };
}

/** At which end of a flow it is stopped: where it goes to matters for what the link or the host keeps. */
function sideOf(code: BlockerCode, isEgress: boolean): 'source' | 'destination' {
  return isEgress && code !== 'host-service' && code !== 'link-only' ? 'source' : 'destination';
}

/** An address that the port may send from, but by another MAC; null where the address itself is not allowed. */
function macCheck(
  cloud: Cloud,
  { endpoint: id, packet, mac }: Dropped & { readonly endpoint: string; readonly packet: SeenPacket & { readonly kind: 'ip' } },
): Check | null {
  const endpoint = cloud.placeOf(id)?.endpoint;
  if (endpoint === undefined || mac === null || mac === endpoint.mac || !hasAddress(endpoint, packet.source)) return null;
  return {
    check: `${cloud.words.endpoint(id)} may send from ${packet.source}, but not with the MAC ${mac}`,
    opening: pairCommand(id, packet.source, mac),
  };
}

function senderCheck(
  cloud: Cloud,
  { endpoint: id, packet }: Dropped & { readonly endpoint: string; readonly packet: SeenPacket & { readonly kind: 'arp' } },
): Check {
  const endpoint = cloud.placeOf(id)?.endpoint;
  if (endpoint === undefined) return NO_CHECK;
  const { sender, senderMac } = packet;
  const check = hasAddress(endpoint, sender)
    ? `${cloud.words.endpoint(id)} may speak for ${sender}, but not with the MAC ${senderMac}`
    : `${cloud.words.endpoint(id)} may not speak for ${sender}: it is neither its address nor in an allowed address pair of it`;
  return { check, opening: pairCommand(id, sender, senderMac === endpoint.mac ? null : senderMac) };
}

function pairCommand(port: string, ip: Ip, mac: Mac | null): string {
  return `openstack port set --allowed-address ip-address=${ip}${mac === null ? '' : `,mac-address=${mac}`} ${port}`;
}

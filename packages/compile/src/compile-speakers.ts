import { type BgpPeer, compareIds, isProblem, type Problem, parseHostObject } from '@manx/hoststate';
import { announcedPrefixes, type BgpSpeaker, isSpokenForBy, type StateReader } from '@manx/model';

/** What all speakers ask of the hosts that speak for them. */
export type CompiledSpeakers = {
  /** The peers that the host of this agent has a session with, by id; empty for an agent that is not there. */
  readonly peersOf: (agent: string | undefined) => ReadonlyMap<string, BgpPeer>;
  /** The peers that no host can be told of, sorted by subject. */
  readonly problems: readonly Problem[];
};

type Compiled = { readonly speaker: BgpSpeaker; readonly peers: readonly BgpPeer[] };

const NOBODY: ReadonlyMap<string, BgpPeer> = new Map();

/**
 * The sessions that speakers ask for: those of each peer of each speaker, with the AS number that the hosts have for it. Should two speakers of one
 * host have a peer at one address, which is refused beforehand, the first speaker by id has it. Linear in speakers and their peers; hosts share what is alike.
 */
export function compileSpeakers(state: StateReader): CompiledSpeakers {
  const problems: Problem[] = [];
  const compiled = [...state.all('bgp_speaker')]
    .sort((a, b) => compareIds(a.id, b.id))
    .map((speaker): Compiled => {
      const announced = speaker.peers.length === 0 ? null : announcedPrefixes(speaker, state);
      const peers = speaker.peers.map((id) => compilePeer(id, speaker, { state, announced }));
      problems.push(...peers.filter(isProblem));
      return { speaker, peers: peers.filter((peer): peer is BgpPeer => !isProblem(peer)) };
    });
  return { peersOf: (agent) => (agent === undefined ? NOBODY : peersFor(agent, compiled)), problems };
}

function peersFor(agent: string, compiled: readonly Compiled[]): ReadonlyMap<string, BgpPeer> {
  const peers = new Map<string, BgpPeer>();
  const addresses = new Set<string>();
  for (const peer of compiled.flatMap(({ speaker, peers: all }) => (isSpokenForBy(speaker, agent) ? all : []))) {
    if (addresses.has(peer.address)) continue;
    addresses.add(peer.address);
    peers.set(peer.id, peer);
  }
  return peers;
}

type PeerContext = { readonly state: StateReader; readonly announced: BgpPeer['announced'] };

function compilePeer(id: string, speaker: BgpSpeaker, { state, announced }: PeerContext): BgpPeer | Problem {
  const peer = state.get('bgp_peer', id);
  if (peer === undefined) return peerProblem(id, 'it is missing');
  const { peer_ip: address, remote_as: asn, auth_type, password } = peer;
  if (auth_type === 'md5' && password === null) return peerProblem(id, 'it has no password');
  const secret = auth_type === 'md5' ? password : null;
  const compiled = parseHostObject({ kind: 'bgp-peer', id, address, asn, localAsn: speaker.local_as, password: secret, announced });
  return isProblem(compiled) ? peerProblem(id, `${compiled.subject}: ${compiled.detail}`) : (compiled as BgpPeer);
}

function peerProblem(id: string, detail: string): Problem {
  return { code: 'bgp-peer-not-compiled', subject: `bgp_peer ${id}`, detail: `no host has a session with it: ${detail}` };
}

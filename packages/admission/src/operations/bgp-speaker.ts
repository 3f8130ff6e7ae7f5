import { type BgpSpeaker, type BgpSpeakerDraft, HOST_ABILITIES, isVisible, notFound, type Problem, problem } from '@manx/model';
import type { ActionResult, ActionRules } from '../rules.js';
import type { Work } from '../work.js';

/** Makes a speaker that has neither peers nor networks yet. */
export function createBgpSpeaker(work: Work, draft: BgpSpeakerDraft): BgpSpeaker {
  return work.create('bgp_speaker', { ...draft, description: '', peers: [], networks: [] });
}

/** Changes a speaker's name, and what is among its routes. */
export function updateBgpSpeaker(work: Work, speaker: BgpSpeaker, values: Partial<BgpSpeakerDraft>): BgpSpeaker {
  return work.update('bgp_speaker', speaker, values);
}

/** Deletes a speaker. */
export function deleteBgpSpeaker(work: Work, speaker: BgpSpeaker): null {
  work.delete('bgp_speaker', speaker.id);
  return null;
}

type PeerChoice = { readonly bgp_peer_id: string };
type NetworkChoice = { readonly network_id: string };

/** What can be done to speakers. */
export const BGP_SPEAKER_ACTIONS = {
  add_bgp_peer: (work, speaker: never, values) => addPeer(work, speaker, values as PeerChoice),
  remove_bgp_peer: (work, speaker: never, values) => removePeer(work, speaker, values as PeerChoice),
  add_gateway_network: (work, speaker: never, values) => addNetwork(work, speaker, values as NetworkChoice),
  remove_gateway_network: (work, speaker: never, values) => removeNetwork(work, speaker, values as NetworkChoice),
} as const satisfies ActionRules;

function addPeer(work: Work, speaker: BgpSpeaker, answer: PeerChoice): ActionResult | Problem {
  const peer = work.state.get('bgp_peer', answer.bgp_peer_id);
  if (peer === undefined || !isVisible(work, 'bgp_peer', peer)) return notFound('bgp_peer', answer.bgp_peer_id);
  const isTaken = speaker.peers.some((id) => work.state.get('bgp_peer', id)?.peer_ip === peer.peer_ip);
  if (isTaken) return problem('DuplicateBgpPeerIpException', { bgp_speaker_id: speaker.id, peer_ip: peer.peer_ip, bgp_peer_id: peer.id });
  if (!HOST_ABILITIES.peersByApi) return problem('BgpPeersAreInFiles', answer);
  work.update('bgp_speaker', speaker, { peers: [...speaker.peers, peer.id] });
  return { answer };
}

function removePeer(work: Work, speaker: BgpSpeaker, answer: PeerChoice): ActionResult | Problem {
  const rest = speaker.peers.filter((id) => id !== answer.bgp_peer_id);
  if (rest.length === speaker.peers.length) return problem('BgpSpeakerPeerNotAssociated', { ...answer, bgp_speaker_id: speaker.id });
  work.update('bgp_speaker', speaker, { peers: rest });
  return { answer };
}

function addNetwork(work: Work, speaker: BgpSpeaker, answer: NetworkChoice): ActionResult | Problem {
  const network = work.state.get('network', answer.network_id);
  if (network === undefined || !isVisible(work, 'network', network)) return notFound('network', answer.network_id);
  if (speaker.networks.includes(network.id)) return problem('BgpSpeakerNetworkBindingError', { ...answer, bgp_speaker_id: speaker.id });
  work.update('bgp_speaker', speaker, { networks: [...speaker.networks, network.id] });
  return { answer };
}

function removeNetwork(work: Work, speaker: BgpSpeaker, answer: NetworkChoice): ActionResult | Problem {
  const rest = speaker.networks.filter((id) => id !== answer.network_id);
  if (rest.length === speaker.networks.length) return problem('BgpSpeakerNetworkNotAssociated', { ...answer, bgp_speaker_id: speaker.id });
  work.update('bgp_speaker', speaker, { networks: rest });
  return { answer };
}

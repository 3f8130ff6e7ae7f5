import {
  type BgpPeer,
  type BgpSpeaker,
  type BgpSpeakerDraft,
  isAnnouncingAll,
  isSomeHostShared,
  isSpokenForBy,
  isVisible,
  notFound,
  type Problem,
  problem,
} from '@manx/model';
import type { ActionResult, ActionRules } from '../rules.js';
import type { Work } from '../work.js';

/** Makes a speaker that has neither peers nor networks yet, and that every host will speak for. */
export function createBgpSpeaker(work: Work, draft: BgpSpeakerDraft): BgpSpeaker {
  return work.create('bgp_speaker', { ...draft, description: '', peers: [], networks: [] });
}

/** Changes a speaker's name, and what is among its routes. */
export function updateBgpSpeaker(work: Work, speaker: BgpSpeaker, values: Partial<BgpSpeakerDraft>): BgpSpeaker {
  return work.update('bgp_speaker', speaker, values);
}

/** Deletes a speaker, and with it the sessions of its hosts. */
export function deleteBgpSpeaker(work: Work, speaker: BgpSpeaker): null {
  work.delete('bgp_speaker', speaker.id);
  return null;
}

type PeerChoice = { readonly bgp_peer_id: string };
type NetworkChoice = { readonly network_id: string };
type AgentChoice = { readonly agent_id: string };

/** What can be done to speakers. */
export const BGP_SPEAKER_ACTIONS = {
  add_bgp_peer: (work, speaker: never, values) => addPeer(work, speaker, values as PeerChoice),
  remove_bgp_peer: (work, speaker: never, values) => removePeer(work, speaker, values as PeerChoice),
  add_gateway_network: (work, speaker: never, values) => addNetwork(work, speaker, values as NetworkChoice),
  remove_gateway_network: (work, speaker: never, values) => removeNetwork(work, speaker, values as NetworkChoice),
  add_bgp_speaker_to_dragent: (work, speaker: never, values) => addAgent(work, speaker, values as AgentChoice),
  remove_bgp_speaker_from_dragent: (work, speaker: never, values) => removeAgent(work, speaker, values as AgentChoice),
} as const satisfies ActionRules;

/** Whether hosts can have a session of a speaker with such a peer; they have one session with an address, whichever speaker asks for it. */
function checkPeerOf(work: Work, speaker: BgpSpeaker, peer: BgpPeer): Problem | null {
  const { id: bgp_speaker_id, ip_version } = speaker;
  const { id: bgp_peer_id, peer_ip } = peer;
  const hasAddress = (one: BgpSpeaker): boolean => one.peers.some((id) => work.state.get('bgp_peer', id)?.peer_ip === peer_ip);
  if (peer_ip.includes(':') !== (ip_version === 6)) {
    return problem('BgpPeerOfOtherFamily', { bgp_peer_id, peer_ip, bgp_speaker_id, ip_version });
  }
  if (hasAddress(speaker)) return problem('DuplicateBgpPeerIpException', { bgp_speaker_id, peer_ip, bgp_peer_id });
  return checkOtherSpeakers(work, speaker, [peer_ip]);
}

/** Whether no other speaker that some host speaks for as well has a peer at one of these addresses. */
function checkOtherSpeakers(work: Work, speaker: BgpSpeaker, addresses: readonly string[]): Problem | null {
  for (const other of work.state.all('bgp_speaker')) {
    if (other.id === speaker.id || other.peers.length === 0 || !isSomeHostShared(speaker, other)) continue;
    const taken = other.peers.map((id) => work.state.get('bgp_peer', id)?.peer_ip).find((ip) => ip !== undefined && addresses.includes(ip));
    if (taken !== undefined) return problem('BgpPeerOfOtherSpeaker', { bgp_speaker_id: speaker.id, peer_ip: taken, other_id: other.id });
  }
  return null;
}

function addPeer(work: Work, speaker: BgpSpeaker, answer: PeerChoice): ActionResult | Problem {
  const peer = work.state.get('bgp_peer', answer.bgp_peer_id);
  if (peer === undefined || !isVisible(work, 'bgp_peer', peer)) return notFound('bgp_peer', answer.bgp_peer_id);
  const wrong = checkPeerOf(work, speaker, peer);
  if (wrong !== null) return wrong;
  work.update('bgp_speaker', speaker, { peers: [...speaker.peers, peer.id] });
  return { answer };
}

function removePeer(work: Work, speaker: BgpSpeaker, answer: PeerChoice): ActionResult | Problem {
  const rest = speaker.peers.filter((id) => id !== answer.bgp_peer_id);
  if (rest.length === speaker.peers.length) return problem('BgpSpeakerPeerNotAssociated', { ...answer, bgp_speaker_id: speaker.id });
  work.update('bgp_speaker', speaker, { peers: rest });
  return { answer };
}

/** The first network narrows a speaker to its networks, for good: that must withdraw nothing from a peer. */
function addNetwork(work: Work, speaker: BgpSpeaker, answer: NetworkChoice): ActionResult | Problem {
  const network = work.state.get('network', answer.network_id);
  if (network === undefined || !isVisible(work, 'network', network)) return notFound('network', answer.network_id);
  const subject = { network_id: network.id, bgp_speaker_id: speaker.id };
  if (speaker.networks.includes(network.id)) return problem('BgpSpeakerNetworkBindingError', subject);
  if (isAnnouncingAll(speaker) && speaker.peers.length > 0) return problem('BgpSpeakerAnnouncesAll', subject);
  work.update('bgp_speaker', speaker, { networks: [...speaker.networks, network.id], has_own_networks: true });
  return { answer };
}

function removeNetwork(work: Work, speaker: BgpSpeaker, answer: NetworkChoice): ActionResult | Problem {
  const rest = speaker.networks.filter((id) => id !== answer.network_id);
  if (rest.length === speaker.networks.length) return problem('BgpSpeakerNetworkNotAssociated', { ...answer, bgp_speaker_id: speaker.id });
  work.update('bgp_speaker', speaker, { networks: rest });
  return { answer };
}

/**
 * Has a host speak for the speaker. While every host does and it has no peers, this makes it the only one; with peers it is refused,
 * because the sessions of all others would end.
 */
function addAgent(work: Work, speaker: BgpSpeaker, { agent_id }: AgentChoice): ActionResult | Problem {
  if (work.state.get('agent', agent_id) === undefined) return problem('DrAgentInvalid', { id: agent_id });
  const { isEverywhere, agents } = speaker.hosting ?? { isEverywhere: true, agents: [] };
  const isThere = isSpokenForBy(speaker, agent_id);
  const narrows = isThere && isEverywhere && agents.length === 0 && speaker.peers.length === 0;
  if (isThere && !narrows) return problem('DrAgentAssociationError', { agent_id, bgp_speaker_id: speaker.id });
  const rest = agents.filter((id) => id !== agent_id);
  const hosting = isEverywhere && !narrows ? { isEverywhere, agents: rest } : { isEverywhere: false, agents: [...rest, agent_id] };
  const after = work.update('bgp_speaker', speaker, { hosting });
  const addresses = after.peers.flatMap((id) => work.state.get('bgp_peer', id)?.peer_ip ?? []);
  return checkOtherSpeakers(work, after, addresses) ?? { answer: null };
}

/** Has a host speak for the speaker no longer. */
function removeAgent(work: Work, speaker: BgpSpeaker, { agent_id }: AgentChoice): ActionResult | Problem {
  if (!isSpokenForBy(speaker, agent_id)) return problem('DrAgentNotHostingBgpSpeaker', { bgp_speaker_id: speaker.id, agent_id });
  const { isEverywhere, agents } = speaker.hosting ?? { isEverywhere: true, agents: [] };
  const rest = isEverywhere ? [...agents, agent_id] : agents.filter((id) => id !== agent_id);
  work.update('bgp_speaker', speaker, { hosting: { isEverywhere, agents: rest } });
  return { answer: null };
}

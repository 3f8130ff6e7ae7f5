import type { Declaration } from '../declaration.js';
import { type Agent, agentDeclaration } from './agent.js';
import { type BgpPeer, bgpPeerDeclaration } from './bgp-peer.js';
import { type BgpSpeaker, bgpSpeakerDeclaration } from './bgp-speaker.js';
import { logDeclaration, type NetworkLog } from './log.js';
import { type PortBinding, portBindingDeclaration } from './port-binding.js';

/** The kinds of this folder. */
export type OperationsResources = {
  agent: Agent;
  log: NetworkLog;
  bgp_speaker: BgpSpeaker;
  bgp_peer: BgpPeer;
  port_binding: PortBinding;
};

/** Their declarations, by kind. */
export const OPERATIONS_DECLARATIONS: { readonly [K in keyof OperationsResources]: Declaration<K> } = {
  agent: agentDeclaration,
  log: logDeclaration,
  bgp_speaker: bgpSpeakerDeclaration,
  bgp_peer: bgpPeerDeclaration,
  port_binding: portBindingDeclaration,
};

import type { ActionRules, KindRules } from '../rules.js';
import { NO_PLAIN_REQUESTS } from '../rules.js';
import { createAgent, deleteAgent, updateAgent } from './agent.js';
import { createBgpPeer, deleteBgpPeer, updateBgpPeer } from './bgp-peer.js';
import { BGP_SPEAKER_ACTIONS, createBgpSpeaker, deleteBgpSpeaker, updateBgpSpeaker } from './bgp-speaker.js';
import { createLog, deleteLog, updateLog } from './log.js';
import { PORT_BINDING_ACTIONS } from './port-binding.js';

/** What may happen to the kinds of this folder. */
export const OPERATIONS_RULES = {
  agent: { create: createAgent, update: updateAgent, remove: deleteAgent },
  log: { create: createLog, update: updateLog, remove: deleteLog },
  bgp_speaker: { create: createBgpSpeaker, update: updateBgpSpeaker, remove: deleteBgpSpeaker },
  bgp_peer: { create: createBgpPeer, update: updateBgpPeer, remove: deleteBgpPeer },
  port_binding: NO_PLAIN_REQUESTS,
} as const satisfies { readonly [kind: string]: KindRules };

/** What each of this folder's actions does, by name. */
export const OPERATIONS_ACTION_RULES: ActionRules = { ...BGP_SPEAKER_ACTIONS, ...PORT_BINDING_ACTIONS };

import type { Action } from '../action.js';
import type { Attributes } from '../declaration.js';
import { type Problem, problem } from '../problem.js';
import { isRecord, shown, uuid } from '../value-rule.js';

/** What can be done to members of this folder's kinds beyond changing attributes, by the last part of the URL. */
export const OPERATIONS_ACTIONS: readonly Action[] = [
  onSpeaker('add_bgp_peer', 'bgp_peer_id', 'Gives a speaker a peer to announce to.'),
  onSpeaker('remove_bgp_peer', 'bgp_peer_id', 'Takes a peer from a speaker.'),
  onSpeaker('add_gateway_network', 'network_id', 'Brings a network, and what routers connect to it, into the scope of a speaker.'),
  onSpeaker('remove_gateway_network', 'network_id', 'Takes a network out of the scope of a speaker.'),
];

function onSpeaker(name: string, key: 'bgp_peer_id' | 'network_id', doc: string): Action {
  const of = { type: 'object', properties: { [key]: uuid.schema }, required: [key] };
  return { name, kind: 'bgp_speaker', doc, schema: of, answer: of, decode: (body) => readId(body, key) };
}

/** Other keys of the body are passed over, as there. */
function readId(body: unknown, key: string): Attributes | Problem {
  const value = isRecord(body) && Object.hasOwn(body, key) ? body[key] : undefined;
  if (value === undefined) return problem('BadRequest', { resource: 'bgp-speaker', msg: `${key} must be specified` });
  const read = uuid.read(value);
  return 'value' in read
    ? { [key]: read.value }
    : problem('BadRequest', { resource: 'bgp-speaker', msg: `'${shown(value)}' is not a valid UUID` });
}

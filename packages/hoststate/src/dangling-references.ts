import { objectsOf } from './canonical-order.js';
import { FLAT_SPACE, type HostObject, type HostState } from './host-state.js';
import type { Problem } from './problem.js';

/**
 * Every reference to an object that the state does not have, in canonical order: a compiled state has none. What dangles
 * allows nothing (see `verdict`), so a host may go on with such a state, but should say so.
 */
export function danglingReferences(state: HostState): readonly Problem[] {
  return objectsOf(state).flatMap((object) => [...missingOf(state, object)].map((missing) => dangling(object, missing)));
}

function missingOf(state: HostState, object: HostObject): ReadonlySet<string> {
  const missing = new Set<string>();
  if (object.kind === 'endpoint') {
    for (const id of object.policies) if (!state.policies.has(id)) missing.add(`policy ${id}`);
    if (object.floating.length > 0 && !state.sets.has(FLAT_SPACE)) missing.add(`set ${FLAT_SPACE}`);
    for (const { subnet } of object.addresses) if (!state.subnets.has(subnet)) missing.add(`subnet ${subnet}`);
  }
  if (object.kind === 'policy') {
    for (const { peer } of object.rules) if (peer.kind === 'set' && !state.sets.has(peer.set)) missing.add(`set ${peer.set}`);
  }
  return missing;
}

function dangling(object: HostObject, missing: string): Problem {
  return { code: 'dangling-reference', subject: `${object.kind} ${object.id}`, detail: `refers to ${missing}, which is not there` };
}

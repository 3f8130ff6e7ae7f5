import type { HostDelta } from './host-state.js';
import { readHostObject, readKind, readMembers, readRules, readSortedIds } from './parse-host-object.js';
import type { Problem } from './problem.js';
import { list, type Read, record, refine } from './read.js';
import { readId } from './read-values.js';

const readHostDelta: Read<HostDelta> = refine(
  record<HostDelta>({
    deletes: list(record<HostDelta['deletes'][number]>({ kind: readKind, id: readId })),
    puts: list(readHostObject),
    rules: list(record<HostDelta['rules'][number]>({ policy: readId, remove: readSortedIds, add: readRules })),
    members: list(record<HostDelta['members'][number]>({ set: readId, add: readMembers, remove: readMembers })),
  }),
  deltaComplaint,
);

/**
 * Reads a delta from outside as strictly as `parseHostObject`, each object named once. Whether it fits a state is for
 * `applyDelta` to say. Anything else is a problem `malformed`.
 */
export function parseHostDelta(value: unknown): HostDelta | Problem {
  return readHostDelta(value, 'delta');
}

function deltaComplaint(delta: HostDelta): string | null {
  const named = [...delta.deletes, ...delta.puts].map(({ kind, id }) => `${kind} ${id}`);
  if (new Set(named).size !== named.length) return 'each object named once';
  if (new Set(delta.rules.map(({ policy }) => policy)).size !== delta.rules.length) return 'each policy named once in rules';
  const sets = new Set(delta.members.map(({ set }) => set));
  if (sets.size !== delta.members.length) return 'each set named once in members';
  const isTwice = delta.members.some(({ add, remove }) => new Set([...add, ...remove]).size !== add.length + remove.length);
  return isTwice ? 'each member named once' : null;
}

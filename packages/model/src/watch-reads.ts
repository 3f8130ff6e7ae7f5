import type { ResourceKind } from './resource.js';
import type { StateReader } from './state-reader.js';

/**
 * The state, telling of which kinds something is read through it: `kinds` grows. What was made by reading alone stays as it is until
 * one of them changes.
 */
export function watchReads(state: StateReader, kinds: Set<ResourceKind>): StateReader {
  const note = (kind: ResourceKind): void => void kinds.add(kind);
  const kindOf = (index: string): ResourceKind => index.slice(0, index.indexOf('.')) as ResourceKind;
  return {
    dnsDomain: state.dnsDomain,
    get: (kind, id) => {
      note(kind);
      return state.get(kind, id);
    },
    all: (kind) => {
      note(kind);
      return state.all(kind);
    },
    count: (kind) => {
      note(kind);
      return state.count(kind);
    },
    idsAfter: (kind, id) => {
      note(kind);
      return state.idsAfter(kind, id);
    },
    idsBefore: (kind, id) => {
      note(kind);
      return state.idsBefore(kind, id);
    },
    by: (index, key) => {
      note(kindOf(index));
      return state.by(index, key);
    },
    countBy: (index, key) => {
      note(kindOf(index));
      return state.countBy(index, key);
    },
    holderOf: (ip) => {
      note('port');
      return state.holderOf(ip);
    },
    overlapping: (cidr) => {
      note('subnet');
      return state.overlapping(cidr);
    },
    lastChange: (kind) => {
      if (kind !== undefined) note(kind);
      return state.lastChange(kind);
    },
  };
}

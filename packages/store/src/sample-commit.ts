import type { Change, Commit, ResourceKind, Revision } from '@manx/model';

type Attributes = Readonly<Record<string, unknown>>;

/** A put of something that is hardly a resource, for tests of the store, which never looks into one. */
export function putSample(kind: ResourceKind, id: string, attributes: Attributes = {}): Change {
  return { op: 'put', kind, id, value: { ...attributes, id, project_id: 'p1' } } as unknown as Change;
}

/** `putSample` of a port. */
export function putPort(id: string, attributes: Attributes = {}): Change {
  return putSample('port', id, attributes);
}

/** A port's end. */
export function deletePort(id: string): Change {
  return { op: 'delete', kind: 'port', id };
}

/** A commit with its number in it, by default of one new port. */
export function sampleCommit(revision: Revision, changes: readonly Change[] = [putPort(`port-${revision}`)]): Commit {
  return { revision, at: '2024-02-29T12:00:00.123Z', request_id: `req-${revision}`, user_id: null, project_id: 'p1', changes };
}

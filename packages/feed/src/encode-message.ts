import {
  encodeHostDelta,
  encodeHostObject,
  type HostDelta,
  type HostObject,
  type HostState,
  objectsOf,
  type Revision,
} from '@manx/hoststate';
import type { FeedMessage } from './messages.js';

/** About how many characters of a snapshot are handed to a socket at once. */
const CHUNK_CHARS = 64 * 1024;

/**
 * What many hosts have in common, as text: after a restart of the server, and when it changes, a policy is made JSON once, not once a host.
 * Endpoints are one host's alone, and names are small and as many as ports: neither is remembered.
 */
const shared = new WeakMap<HostObject, string>();

function objectText(object: HostObject): string {
  if (object.kind === 'endpoint' || object.kind === 'names') return encodeHostObject(object);
  const known = shared.get(object);
  if (known !== undefined) return known;
  const text = encodeHostObject(object);
  shared.set(object, text);
  return text;
}

/** A message without an object as a line. */
export function encodeMark(message: Exclude<FeedMessage, { type: 'put' | 'delta' }>): string {
  return `${JSON.stringify(message)}\n`;
}

/** A delta as a line, in the bytes that all sessions share. */
export function encodeDelta(revision: Revision, delta: HostDelta): Buffer {
  const text = `{"type":"delta","revision":${revision},"delta":${encodeHostDelta(delta, objectText)}}\n`;
  // Not of Node's pool: bytes that are kept would keep 8 KiB of it each.
  const line = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  line.write(text);
  return line;
}

/** A whole state from `begin` to `in-sync`, lines joined to chunks, made as they are asked for. */
export function* encodeSnapshot(revision: Revision, state: HostState): Generator<string> {
  let chunk = encodeMark({ type: 'begin', revision });
  for (const object of objectsOf(state)) {
    chunk += `{"type":"put","object":${objectText(object)}}\n`;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk + encodeMark({ type: 'in-sync', revision });
}

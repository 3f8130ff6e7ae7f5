import { isProblem, type Problem, parseHostDelta, parseHostObject } from '@manx/hoststate';
import { anything, type Check, exactly, listOf, oneOf, readJson, revision } from './check.js';
import { address } from './check-packet.js';
import { type FeedMessage, MAX_RELEASED } from './messages.js';
import { traceOrders } from './parse-trace.js';

const envelopes: { readonly [T in FeedMessage['type']]: Check } = {
  begin: exactly({ type: oneOf('begin'), revision }),
  put: exactly({ type: oneOf('put'), object: anything }),
  'in-sync': exactly({ type: oneOf('in-sync'), revision }),
  delta: exactly({ type: oneOf('delta'), revision, delta: anything }),
  released: exactly({ type: oneOf('released'), addresses: listOf(exactly({ ip: address, revision }), MAX_RELEASED) }),
  heartbeat: exactly({ type: oneOf('heartbeat'), revision }),
  ...traceOrders,
};

function typeOf(value: unknown): FeedMessage['type'] | null {
  const type: unknown = typeof value === 'object' && value !== null && 'type' in value ? value.type : null;
  return typeof type === 'string' && Object.hasOwn(envelopes, type) ? (type as FeedMessage['type']) : null;
}

const envelope: Check = (value) => {
  const type = typeOf(value);
  return type === null ? 'of an unknown type' : envelopes[type](value, type);
};

/** Reads one line of the server's: exactly the known messages and fields, every object as strictly as `parseHostObject` does. */
export function parseFeedMessage(line: string): FeedMessage | Problem {
  const read = readJson(line, envelope, 'message');
  if (isProblem(read)) return read;
  const message = read.value as FeedMessage;
  if (message.type === 'put') {
    const object = parseHostObject(message.object);
    return isProblem(object) ? object : { type: 'put', object };
  }
  if (message.type === 'delta') {
    const delta = parseHostDelta(message.delta);
    return isProblem(delta) ? delta : { type: 'delta', revision: message.revision, delta };
  }
  return message;
}

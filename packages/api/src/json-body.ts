import { isUtf8 } from 'node:buffer';
import { HttpError } from './http-error.js';

/** How deep objects and lists may nest in a body: far more than any resource needs, far less than any recursion fears. */
const BODY_DEPTH_LIMIT = 32;

/** Bytes of a body at most: room for a bulk of some 10,000 ports. */
export const BODY_BYTES_LIMIT = 8 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENERS = new Set([0x5b, 0x7b]);
const CLOSERS = new Set([0x5d, 0x7d]);

/** The deepest nesting of brackets outside strings; right for every text that is JSON. Linear. */
const depthOf = (bytes: Buffer): number => {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (isString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isString = false;
    } else if (byte === QUOTE) isString = true;
    else if (OPENERS.has(byte)) deepest = Math.max(deepest, (depth += 1));
    else if (CLOSERS.has(byte)) depth -= 1;
  }
  return deepest;
};

/** Reads a request body as JSON (RFC 8259): UTF-8 only. Throws HttpError 400 for anything else; an empty body is undefined. */
export const parseJsonBody = (bytes: Buffer): unknown => {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new HttpError(400, 'Malformed request body: it is not UTF-8');
  if (depthOf(bytes) > BODY_DEPTH_LIMIT)
    throw new HttpError(400, `Malformed request body: it nests deeper than ${BODY_DEPTH_LIMIT} levels`);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw new HttpError(400, `Malformed request body: ${readable(error.message)}`);
    throw error;
  }
};

/** The parser's words without the control characters that it quotes from the body. */
const readable = (message: string): string => message.replace(/\p{Cc}/gu, '?').slice(0, 200);

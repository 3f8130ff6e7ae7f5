import type { HostName } from './host-state.js';
import { shown } from './problem.js';

/**
 * What Nova's schema takes for a host (letters, digits, `.`, `-`, `_`; at most 255), and a letter, digit or `_` first:
 * a host name becomes part of paths and of command lines, where `..` and `-x` mean something else.
 */
const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/;

/** Reads a host's name as Nova writes it, or null when the text is not one. Case is kept: names that differ in case are two hosts. */
export function parseHostName(text: string): HostName | null {
  return HOST_NAME.test(text) ? (text as HostName) : null;
}

/** `parseHostName` for text known to be one; a RangeError that names the text when it is not. */
export function asHostName(text: string): HostName {
  const name = parseHostName(text);
  if (name === null) throw new RangeError(`not a host name: ${shown(text)}`);
  return name;
}

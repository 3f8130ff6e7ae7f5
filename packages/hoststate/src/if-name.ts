import type { IfName } from './host-state.js';
import { shown } from './problem.js';

/** Narrower than the kernel's dev_valid_name (net/core/dev.c): only what needs no quoting in nft, dnsmasq and BIRD files. */
const IF_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/;

/** How many characters of a port's id its tap carries: with `tap` before them they fill 14 of the 15 bytes, as Nova does. */
const TAP_ID_LENGTH = 11;

/** Reads an interface name (1 to 15 letters, digits, `.`, `-`, `_`), or null when the text is not one. */
export function parseIfName(text: string): IfName | null {
  return IF_NAME.test(text) ? (text as IfName) : null;
}

/** `parseIfName` for text known to be one; a RangeError that names the text when it is not. */
export function asIfName(text: string): IfName {
  const name = parseIfName(text);
  if (name === null) throw new RangeError(`not an interface name: ${shown(text)}`);
  return name;
}

/** The interface that Nova makes for a port: `tap` and the first 11 characters of its id. A RangeError when that is no interface name. */
export function tapName(portId: string): IfName {
  return asIfName(`tap${portId.slice(0, TAP_ID_LENGTH)}`);
}

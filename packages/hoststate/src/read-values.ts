import { type Cidr, type Ip, type Mac, parseCidr, parseIp, parseMac } from '@manx/ip';
import { compareIds } from './canonical-order.js';
import type { Member } from './host-state.js';
import { canonical, type Read } from './read.js';
import { memberOf } from './sorted-members.js';

/** Ids become chain names, file names and keys: nothing that a path, a shell or a configuration file could read otherwise. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Reads an id. */
export const readId: Read<string> = canonical((text) => (ID.test(text) ? text : null), 'an id');

/** Reads an address. */
export const readIp: Read<Ip> = canonical(parseIp, 'an address in canonical form');

/** Reads a prefix. */
export const readCidr: Read<Cidr> = canonical((text) => parseCidr(text)?.cidr ?? null, 'a prefix in canonical form');

/** Reads a MAC address. */
export const readMac: Read<Mac> = canonical(parseMac, 'a MAC address in canonical form');

/** Reads an address, or a prefix of more than one. */
export const readMember: Read<Member> = canonical<Member>((text) => {
  if (!text.includes('/')) return parseIp(text);
  const cidr = parseCidr(text)?.cidr;
  return cidr === undefined ? null : memberOf(cidr);
}, 'an address, or a prefix of more than one, in canonical form');

/** Whether the ids are in order, each once. */
export function areSortedIds(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || compareIds(ids[index - 1] ?? '', id) < 0);
}

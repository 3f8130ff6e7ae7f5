import { quoted } from './ip.js';

/** One 48-bit Ethernet address in canonical text, lower case with colons: equal addresses are equal strings. */
export type Mac = string & { readonly __brand: 'Mac' };

const COLONS = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const DASHES = /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/;

/**
 * Reads six pairs of hexadecimal digits, of either case, all separated by `:` or all by `-`; null for anything else
 * (`aabb.ccdd.eeff`, `aabbccddeeff`, `a:b:c:d:e:f` among it).
 */
export function parseMac(text: string): Mac | null {
  if (text.length !== 17) return null;
  const lower = text.toLowerCase();
  if (COLONS.test(lower)) return lower as Mac;
  return DASHES.test(lower) ? (lower.replaceAll('-', ':') as Mac) : null;
}

/** `parseMac` for text known to be one; a RangeError that names the text when it is not. */
export function asMac(text: string): Mac {
  const mac = parseMac(text);
  if (mac === null) throw new RangeError(`not a MAC address: ${quoted(text)}`);
  return mac;
}

/** The six octets, 0..255, in the order they are sent. */
export function macBytes(mac: Mac): number[] {
  return mac.split(':').map((pair) => Number.parseInt(pair, 16));
}

/** The address of six octets; a RangeError unless there are six, each an integer of 0..255. */
export function macFromBytes(bytes: Iterable<number>): Mac {
  const octets = [...bytes];
  if (octets.length !== 6 || !octets.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 255)) {
    throw new RangeError(`not the six octets of a MAC address: [${octets.slice(0, 8).join(', ')}]`);
  }
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join(':') as Mac;
}

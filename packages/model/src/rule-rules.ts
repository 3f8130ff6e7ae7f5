import { IP_PROTOCOLS } from './ip-protocols.js';
import { problem } from './problem.js';
import { type ReadValue, shown, type ValueRule } from './value-rule.js';

const PROTOCOL_VALUES = `(None, 'any', ${Object.keys(IP_PROTOCOLS)
  .map((name) => `'${name}'`)
  .join(', ')})`;

/** A protocol by name or number; null and `any` are every protocol. Stored as text. */
export const protocol: ValueRule = {
  schema: { type: ['string', 'integer', 'null'] },
  read: readProtocol,
  readFilter: (text) => {
    const read = readProtocol(text);
    return 'value' in read ? read.value : read;
  },
};

function readProtocol(value: unknown): ReadValue {
  if (value === null || value === 'any') return { value: null };
  const word = typeof value === 'string' || typeof value === 'number' ? String(value).toLowerCase() : '';
  if (/^\d{1,3}$/.test(word) && Number(word) <= 255) return { value: String(Number(word)) };
  if (Object.hasOwn(IP_PROTOCOLS, word)) return { value: word };
  return problem('SecurityGroupRuleInvalidProtocol', { protocol: shown(value), values: PROTOCOL_VALUES });
}

/** `IPv4` or `IPv6`, in any case. */
export const ethertype: ValueRule = {
  schema: { enum: ['IPv4', 'IPv6'] },
  read: readEthertype,
  readFilter: (text) => {
    const read = readEthertype(text);
    return 'value' in read ? read.value : read;
  },
};

function readEthertype(value: unknown): ReadValue {
  const lower = typeof value === 'string' ? value.toLowerCase() : '';
  if (lower === 'ipv4') return { value: 'IPv4' };
  if (lower === 'ipv6') return { value: 'IPv6' };
  return problem('SecurityGroupRuleInvalidEtherType', { ethertype: shown(value), values: "['IPv4', 'IPv6']" });
}

/** A port, or an ICMP type or code: 0 to 65535, a number or its text; null for any. */
export const portNumber: ValueRule = {
  schema: { type: ['integer', 'null'], minimum: 0, maximum: 65535 },
  read: readPort,
  readFilter: (text) => {
    const read = readPort(text);
    return 'value' in read ? read.value : read;
  },
};

function readPort(value: unknown): ReadValue {
  if (value === null) return { value: null };
  const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 65535) return { value: number };
  return problem('SecurityGroupInvalidPortValue', { port: shown(value) });
}

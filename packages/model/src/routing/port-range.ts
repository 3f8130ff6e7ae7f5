import { shown, type ValueRule } from '../value-rule.js';

/** Ports from first to last, both counted. */
export type PortRange = { readonly first: number; readonly last: number };

const PORT = /^\d{1,5}$/;

/** `first:last`, or one port alone; null for none given. As text in answers and filters, as a `PortRange` in commands. */
export const portRange: ValueRule = {
  schema: { type: ['string', 'null'], pattern: '^[0-9]{1,5}(:[0-9]{1,5})?$' },
  read: (value) => {
    if (value === null) return { value: null };
    if (typeof value !== 'string' && typeof value !== 'number') return { reason: 'Port range must be two integers separated by a colon' };
    const parts = String(value).split(':');
    if (parts.length > 2 || parts.includes('')) return { reason: 'Port range must be two integers separated by a colon' };
    for (const part of parts) {
      if (!PORT.test(part)) return { reason: `Invalid port: ${shown(part)}` };
      if (Number(part) < 1 || Number(part) > 65_535) return { reason: `Invalid port: ${part}, the port must be in the range [1, 65535]` };
    }
    const [first = 0, last = first] = parts.map(Number);
    if (first > last) return { reason: 'First port in a port range must be lower than the second port' };
    return { value: { first, last } satisfies PortRange };
  },
  readFilter: (text) => (/^\d+$/.test(text) ? `${text}:${text}` : text),
};

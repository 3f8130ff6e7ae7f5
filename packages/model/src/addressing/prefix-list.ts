import { type Cidr, hostCidr, parseCidr, parseIp } from '@manx/ip';
import { type ReadValue, shown, type ValueRule } from '../value-rule.js';

/**
 * A list of prefixes, none twice. As in Neutron (`subnet_list`) each needs a length; host bits are cleared, for they mean nothing.
 * Null is the empty list.
 */
export const prefixList: ValueRule = {
  schema: { type: 'array', items: { type: 'string', pattern: '^[0-9A-Fa-f:.]+/[0-9]{1,3}$' }, uniqueItems: true },
  read: readPrefixes,
};

/** The same as the actions of address groups take it: an address is its own prefix, and what comes twice counts once. */
export const addressList: ValueRule = {
  schema: { type: 'array', items: { type: 'string', pattern: '^[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?$' } },
  read: (value) => {
    if (!Array.isArray(value)) return readPrefixes(value);
    const prefixes = (value as unknown[]).map((item): unknown => {
      const ip = typeof item === 'string' ? parseIp(item) : null;
      return ip === null ? ((typeof item === 'string' ? parseCidr(item)?.cidr : undefined) ?? item) : hostCidr(ip);
    });
    return readPrefixes([...new Set(prefixes)]);
  },
};

function readPrefixes(value: unknown): ReadValue {
  if (value === null) return { value: [] };
  if (!Array.isArray(value)) return { reason: `'${shown(value)}' is not a list` };
  const prefixes = new Set<Cidr>();
  for (const item of value as unknown[]) {
    const parsed = typeof item === 'string' ? parseCidr(item) : null;
    const ip = typeof item === 'string' ? parseIp(item) : null;
    if (ip !== null) return { reason: `'${shown(item)}' isn't a recognized IP subnet cidr, '${hostCidr(ip)}' is recommended` };
    if (parsed === null) return { reason: `'${shown(item)}' is not a valid IP subnet` };
    if (prefixes.has(parsed.cidr)) return { reason: `Duplicate items in the list: '${shown(item)}'` };
    prefixes.add(parsed.cidr);
  }
  return { value: [...prefixes] };
}

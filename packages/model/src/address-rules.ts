import { asCidr, type Cidr, hostCidr, type Ip, macBytes, parseCidr, parseIp, parseMac } from '@manx/ip';
import { problem } from './problem.js';
import { isRecord, type ReadValue, shown, uuid, type ValueRule } from './value-rule.js';

/** One address, in any spelling that is unambiguous. */
export const ipAddress: ValueRule = {
  schema: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
  read: (value) => {
    const ip = ipOf(value);
    return ip === null ? { reason: `'${shown(value)}' is not a valid IP address` } : { value: ip };
  },
  readFilter: (text) => parseIp(text) ?? text,
};

/** One prefix, `address/length`, without host bits. */
export const ipPrefix: ValueRule = {
  schema: { type: 'string', pattern: '^[0-9A-Fa-f:.]+/[0-9]{1,3}$' },
  read: (value) => {
    const cidr = subnetCidr(value);
    return 'cidr' in cidr ? { value: cidr.cidr } : cidr;
  },
  readFilter: (text) => parseCidr(text)?.cidr ?? text,
};

function ipOf(value: unknown): Ip | null {
  return typeof value === 'string' ? parseIp(value) : null;
}

function subnetCidr(value: unknown): { readonly cidr: Cidr } | { readonly reason: string } {
  const ip = ipOf(value);
  const parsed = ip === null && typeof value === 'string' ? parseCidr(value) : null;
  if (parsed !== null && !parsed.hostBits) return { cidr: parsed.cidr };
  if (ip === null && parsed === null) return { reason: `'${shown(value)}' is not a valid IP subnet` };
  const advice = parsed?.cidr ?? hostCidr(ip as Ip);
  return { reason: `'${shown(value)}' isn't a recognized IP subnet cidr, '${advice}' is recommended` };
}

/**
 * The prefix of a rule's other end: an address or a prefix. Kept as given, but always with a length (an address is its /32 or /128);
 * host bits stay, as in Neutron: `normalizedCidr` clears them.
 */
export const remotePrefix: ValueRule = {
  schema: { type: ['string', 'null'] },
  read: (value) => {
    if (value === null || value === '') return { value: null };
    const ip = ipOf(value);
    if (ip !== null) return { value: hostCidr(ip) };
    if (typeof value !== 'string' || parseCidr(value) === null) return problem('InvalidCIDR', { input: shown(value) });
    const [address = '', length = ''] = value.split('/');
    return { value: `${parseIp(address) ?? ''}/${length}` };
  },
};

/** A unicast MAC address; not all zeros. */
export const macAddress: ValueRule = {
  schema: { type: 'string', pattern: '^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$' },
  read: (value) => {
    const mac = typeof value === 'string' ? parseMac(value) : null;
    const [first = 1] = mac === null ? [] : macBytes(mac);
    const isUnicast = (first & 1) === 0 && mac !== '00:00:00:00:00:00';
    return mac !== null && isUnicast ? { value: mac } : { reason: `'${shown(value)}' is not a valid MAC address` };
  },
  readFilter: (text) => parseMac(text) ?? text,
};

/** Ranges of addresses: a list of `{start, end}`. What they must be to the subnet, its own rules say. */
export const allocationPools: ValueRule = {
  schema: {
    type: 'array',
    items: { type: 'object', properties: { start: { type: 'string' }, end: { type: 'string' } }, required: ['start', 'end'] },
  },
  read: (value) =>
    readRecords(value, 'IP pool', (pool) => {
      const start = ipOf(pool['start']);
      const end = ipOf(pool['end']);
      if (Object.keys(pool).some((key) => key !== 'start' && key !== 'end')) return { reason: unexpectedKeys(pool, 'start, end') };
      if (start === null) return { reason: `'${shown(pool['start'] ?? null)}' is not a valid IP address` };
      return end === null ? { reason: `'${shown(pool['end'] ?? null)}' is not a valid IP address` } : { value: { start, end } };
    }),
};

/** Routes for DHCP: a list of `{destination, nexthop}` without duplicates; null is none. */
export const hostRoutes: ValueRule = {
  schema: {
    type: 'array',
    items: {
      type: 'object',
      properties: { destination: { type: 'string' }, nexthop: { type: 'string' } },
      required: ['destination', 'nexthop'],
    },
  },
  read: (value) =>
    readRecords(value ?? [], 'hostroute', (route) => {
      if (Object.keys(route).some((key) => key !== 'destination' && key !== 'nexthop'))
        return { reason: unexpectedKeys(route, 'destination, nexthop') };
      const destination = subnetCidr(route['destination'] ?? null);
      if ('reason' in destination) return destination;
      const nexthop = ipOf(route['nexthop']);
      if (nexthop === null) return { reason: `'${shown(route['nexthop'] ?? null)}' is not a valid IP address` };
      return { value: { destination: destination.cidr, nexthop } };
    }),
};

/** Name servers: a list of addresses without duplicates; null is none. */
export const nameservers: ValueRule = {
  schema: { type: 'array', items: { type: 'string' }, uniqueItems: true },
  read: (value) => {
    if (value === null) return { value: [] };
    if (!Array.isArray(value)) return { reason: `Invalid data format for nameserver: '${shown(value)}'` };
    const servers: Ip[] = [];
    for (const item of value) {
      const ip = ipOf(item);
      if (ip === null) return { reason: `'${shown(item)}' is not a valid nameserver. '${shown(item)}' is not a valid IP address` };
      if (servers.includes(ip)) return { reason: `Duplicate nameserver '${ip}'` };
      servers.push(ip);
    }
    return { value: servers };
  },
};

/** What a port asks for: a list of `{ip_address}`, `{subnet_id}` or both; no address twice. */
export const fixedIps: ValueRule = {
  schema: {
    type: 'array',
    items: {
      type: 'object',
      properties: { ip_address: { type: 'string' }, subnet_id: { type: 'string', format: 'uuid' } },
      additionalProperties: false,
    },
  },
  read: (value) => {
    const seen = new Set<string>();
    return readRecords(
      value,
      'fixed IP',
      (wish) => {
        if (Object.keys(wish).some((key) => key !== 'ip_address' && key !== 'subnet_id'))
          return { reason: unexpectedKeys(wish, 'ip_address, subnet_id') };
        const asked: { ip_address?: Ip; subnet_id?: string } = {};
        if ('subnet_id' in wish) {
          const read = uuid.read(wish['subnet_id']);
          if (!('value' in read)) return { reason: `'${shown(wish['subnet_id'])}' is not a valid UUID` };
          asked.subnet_id = String(read.value);
        }
        if ('ip_address' in wish) {
          const ip = ipOf(wish['ip_address']);
          if (ip === null) return { reason: `'${shown(wish['ip_address'])}' is not a valid IP address` };
          if (seen.has(ip)) return { reason: `Duplicate IP address '${ip}'` };
          seen.add(ip);
          asked.ip_address = ip;
        }
        return { value: asked };
      },
      true,
    );
  },
};

function unexpectedKeys(given: { readonly [key: string]: unknown }, expected: string): string {
  return `Validation of dictionary's keys failed. Expected keys: ${expected} Provided keys: ${shown(Object.keys(given).join(', '))}`;
}

type RecordReader = (record: { readonly [key: string]: unknown }) => { readonly value: unknown } | { readonly reason: string };

/** Reads a list of objects; the same one twice is refused unless the objects are wishes (two addresses of one subnet). */
function readRecords(value: unknown, what: string, read: RecordReader, mayRepeat = false): ReadValue {
  if (!Array.isArray(value)) return { reason: `Invalid data format for ${what}: '${shown(value)}'` };
  const seen = new Set<string>();
  const records: unknown[] = [];
  for (const item of value) {
    if (!isRecord(item)) return { reason: `Invalid data format for ${what}: '${shown(item)}'` };
    const one = read(item);
    if ('reason' in one) return one;
    const key = JSON.stringify(one.value);
    if (!mayRepeat && seen.has(key)) return { reason: `Duplicate ${what} '${shown(item)}'` };
    seen.add(key);
    records.push(one.value);
  }
  return { value: records };
}

/** What a stored `remote_ip_prefix` means: the prefix without host bits. */
export function normalizedCidr(prefix: string): Cidr {
  return parseCidr(prefix)?.cidr ?? asCidr(prefix);
}

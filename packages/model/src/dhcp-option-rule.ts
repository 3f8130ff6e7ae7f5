import { type Family, familyOf, parseCidr, parseIp } from '@manx/ip';
import { type DhcpOptionKind, dhcpOption } from './dhcp-options.js';
import type { ExtraDhcpOption } from './port.js';
import { integer, isRecord, type ReadValue, shown, type ValueRule } from './value-rule.js';

/** What is asked for one option; null takes it away. */
export type ExtraDhcpOptionWish = Omit<ExtraDhcpOption, 'opt_value'> & { readonly opt_value: string | null };

/** Neutron's lengths, in characters. */
const NAME_LENGTH = 64;
const VALUE_LENGTH = 255;

/** What may be empty text: the option is given without a value, so that the instance gets none of its subnet's either. */
const BLANKABLE: ReadonlySet<string> = new Set(['router', 'classless-static-route']);

/** A word in dnsmasq's files: printable ASCII without what separates, quotes, escapes or begins a comment (dnsmasq(8), `option.c`). */
const WORD = /^[!-~]+$/;
const FORBIDDEN = /[,"'#\\`]/;

/**
 * A port's extra DHCP options: a list of `{opt_name, opt_value, ip_version?}`, each option once for each IP version; null
 * is none. Entries that tell no version are for IPv4, as in Neutron, unless the addresses that they name are all IPv6. Names and numbers are those of `dhcpOption`, values what that option can say: nothing else ever reaches a file.
 */
export const extraDhcpOptions: ValueRule = {
  schema: {
    type: ['array', 'null'],
    items: {
      type: 'object',
      properties: {
        opt_name: { type: 'string', maxLength: NAME_LENGTH },
        opt_value: { type: ['string', 'null'], maxLength: VALUE_LENGTH },
        ip_version: { enum: [4, 6] },
      },
      required: ['opt_name', 'opt_value'],
      additionalProperties: false,
    },
  },
  read: (value) => {
    if (value === null) return { value: [] };
    if (!Array.isArray(value)) return { reason: `'${shown(value)}' is not a list` };
    const wishes: ExtraDhcpOptionWish[] = [];
    const untold = untoldVersion(value);
    for (const item of value as unknown[]) {
      const read = isRecord(item) ? readOption(item, untold) : { reason: `'${shown(item)}' is not a dictionary` };
      if (!('value' in read)) return read;
      const wish = read.value as ExtraDhcpOptionWish;
      if (wishes.some((other) => optionKey(other) === optionKey(wish))) return { reason: `Duplicate DHCP option '${wish.opt_name}'` };
      wishes.push(wish);
    }
    return { value: wishes };
  },
};

/** What two entries have in common that are about the same option, by its name or its number. */
export function optionKey({ opt_name, ip_version }: Pick<ExtraDhcpOption, 'opt_name' | 'ip_version'>): string {
  return `${ip_version} ${dhcpOption(opt_name, ip_version)?.number ?? opt_name}`;
}

/** The IP version of the entries that tell none, by the addresses that they name. */
function untoldVersion(items: readonly unknown[]): Family {
  const untold = items.filter((item) => isRecord(item) && item['ip_version'] === undefined);
  const texts = untold.flatMap((item) => (isRecord(item) && typeof item['opt_value'] === 'string' ? item['opt_value'].split(',') : []));
  const families = texts.map(parseIp).flatMap((ip) => (ip === null ? [] : [familyOf(ip)]));
  return families.length > 0 && families.every((family) => family === 6) ? 6 : 4;
}

function readOption(item: { readonly [key: string]: unknown }, untold: Family): ReadValue {
  const { opt_name: name, opt_value: value, ip_version: version = untold, ...strangers } = item;
  const unexpected = Object.keys(strangers);
  if (unexpected.length > 0) return { reason: `Unexpected keys supplied: ${shown(unexpected.join(', '))}` };
  if (typeof name !== 'string' || name === '' || name.length > NAME_LENGTH)
    return { reason: `'${shown(name ?? null)}' is not a valid DHCP option name` };
  const family = version === '4' ? 4 : version === '6' ? 6 : version;
  if (family !== 4 && family !== 6) return { reason: `'${shown(version)}' is not in [4, 6]` };
  const option = dhcpOption(name, family);
  if (option === null) return { reason: `'${shown(name)}' is not a DHCP option that a port can be given with IPv${family}` };
  if (value === null) return { value: { opt_name: name, opt_value: null, ip_version: family } };
  const reason = valueReason(name, value, { kind: option.kind, family });
  return reason === null ? { value: { opt_name: name, opt_value: value, ip_version: family } } : { reason };
}

function valueReason(
  name: string,
  value: unknown,
  { kind, family }: { readonly kind: DhcpOptionKind; readonly family: Family },
): string | null {
  if (value === '' && family === 4 && BLANKABLE.has(name)) return null;
  if (typeof value !== 'string' || value === '' || value.length > VALUE_LENGTH)
    return `'${shown(value ?? null)}' is not a valid value of the DHCP option '${name}'`;
  return IS_VALUE[kind](value, family) ? null : `'${shown(value)}' is not a valid value of the DHCP option '${name}'`;
}

const IS_VALUE: { readonly [K in DhcpOptionKind]: (text: string, family: Family) => boolean } = {
  addresses: (text, family) => text.split(',').every((part) => isAddress(part, family)),
  names: (text) => text.split(',').every((part) => /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?$/.test(part)),
  routes: (text, family) => {
    const parts = text.split(',');
    return parts.length % 2 === 0 && parts.every((part, at) => (at % 2 === 0 ? isPrefix(part, family) : isAddress(part, family)));
  },
  uint8: isWithin(0, 255),
  uint16: isWithin(0, 65_535),
  uint32: isWithin(0, 4_294_967_295),
  int32: isWithin(-2_147_483_648, 2_147_483_647),
  word: (text) => WORD.test(text) && !FORBIDDEN.test(text),
};

function isAddress(text: string, family: Family): boolean {
  const ip = parseIp(text);
  return ip !== null && familyOf(ip) === family;
}

function isPrefix(text: string, family: Family): boolean {
  const parsed = parseCidr(text);
  return parsed !== null && familyOf(parsed.cidr) === family;
}

function isWithin(min: number, max: number): (text: string) => boolean {
  const rule = integer(min, max);
  return (text) => 'value' in rule.read(text);
}

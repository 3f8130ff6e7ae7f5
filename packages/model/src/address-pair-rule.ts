import { type Cidr, hostCidr, type Ip, type Mac, parseCidr, parseIp, prefixLength } from '@manx/ip';
import { macAddress } from './address-rules.js';
import { badRequest, isProblem, type Problem, problem } from './problem.js';
import { isRecord, shown, type ValueRule } from './value-rule.js';

/** What is asked for one pair: without a MAC, the port's own is meant. */
export type AddressPairWish = { readonly ip_address: Ip | Cidr; readonly mac_address?: Mac };

/**
 * A port's allowed address pairs: a list of `{ip_address, mac_address?}`, an address or a prefix without host bits each, none twice;
 * null is none. A prefix of length 0 is refused: it would lift the source check, which is what `port_security_enabled` is for. Neutron's
 * `convert_kvp_list_to_dict` form is for query parameters alone. Source: neutron-lib `api/validators/allowedaddresspairs.py`.
 */
export const allowedAddressPairs: ValueRule = {
  schema: {
    type: ['array', 'null'],
    items: {
      type: 'object',
      properties: { ip_address: { type: 'string' }, mac_address: { type: 'string' } },
      required: ['ip_address'],
      additionalProperties: false,
    },
  },
  read: (value) => {
    if (value === null) return { value: [] };
    if (!Array.isArray(value)) return badRequest('Allowed address pairs must be a list.');
    const pairs: AddressPairWish[] = [];
    for (const item of value as unknown[]) {
      if (!isRecord(item)) return { reason: `'${shown(item)}' is not a dictionary` };
      const pair = pairOf(item);
      if (isProblem(pair)) return pair;
      if (pairs.some((other) => other.ip_address === pair.ip_address && other.mac_address === pair.mac_address)) return duplicatePair(pair);
      pairs.push(pair);
    }
    return { value: pairs };
  },
};

/** That a pair stands twice in a request. */
export function duplicatePair({ ip_address, mac_address }: AddressPairWish): Problem {
  return problem('DuplicateAddressPairInRequest', { mac_address: mac_address ?? 'None', ip_address });
}

function pairOf(item: { readonly [key: string]: unknown }): AddressPairWish | Problem {
  const strangers = Object.keys(item).filter((key) => key !== 'ip_address' && key !== 'mac_address');
  if (strangers.length > 0) return badRequest(`Unrecognized attribute(s) '${shown(strangers.join(', '))}'`);
  if (item['ip_address'] === undefined) return problem('AllowedAddressPairsMissingIP', {});
  const ip = addressOf(item['ip_address']);
  if (isProblem(ip)) return ip;
  if (item['mac_address'] === undefined) return { ip_address: ip };
  const mac = macAddress.read(item['mac_address']);
  return 'value' in mac ? { ip_address: ip, mac_address: mac.value as Mac } : badRequest('reason' in mac ? mac.reason : mac.detail);
}

/** An address stays an address, a prefix a prefix, even one of a single address, as in Neutron's answers. */
function addressOf(value: unknown): Ip | Cidr | Problem {
  const text = typeof value === 'string' ? value : '';
  if (!text.includes('/')) return parseIp(text) ?? badRequest(`'${shown(value)}' is not a valid IP address`);
  const parsed = parseCidr(text);
  if (parsed === null) return badRequest(`'${shown(value)}' is not a valid IP subnet`);
  if (parsed.hostBits) return badRequest(`'${shown(value)}' isn't a recognized IP subnet cidr, '${parsed.cidr}' is recommended`);
  if (prefixLength(parsed.cidr) > 0) return parsed.cidr;
  return problem('InvalidInput', {
    error_message: `allowed address pair ${parsed.cidr} is every address there is, which is not supported; disable port security on the port instead`,
  });
}

/** The addresses that a pair allows, as a prefix. */
export function pairCidr({ ip_address: ip }: Pick<AddressPairWish, 'ip_address'>): Cidr {
  return ip.includes('/') ? (ip as Cidr) : hostCidr(ip as Ip);
}

import type { Action } from '../action.js';
import type { Attributes } from '../declaration.js';
import { isProblem, type Problem, problem } from '../problem.js';
import { isRecord, shown, uuid, type ValueRule } from '../value-rule.js';
import { addressList, prefixList } from './prefix-list.js';

/** What answers an onboarding: a bare list. */
const ONBOARDED = {
  type: 'array',
  items: { type: 'object', properties: { id: { type: 'string', format: 'uuid' }, cidr: { type: 'string' } }, required: ['id', 'cidr'] },
} as const;

/** What can be done to members of this folder's kinds beyond changing attributes, by the last part of the URL. */
export const ADDRESSING_ACTIONS: readonly Action[] = [
  {
    name: 'add_prefixes',
    kind: 'subnetpool',
    doc: 'Adds prefixes to a subnet pool.',
    schema: listSchema('prefixes'),
    answer: listSchema('prefixes'),
    decode: (body) => decodeList(body, 'prefixes'),
  },
  {
    name: 'remove_prefixes',
    kind: 'subnetpool',
    doc: 'Takes prefixes from a subnet pool that no subnet lies in.',
    schema: listSchema('prefixes'),
    answer: listSchema('prefixes'),
    decode: (body) => decodeList(body, 'prefixes'),
  },
  {
    name: 'onboard_network_subnets',
    kind: 'subnetpool',
    doc: "Takes a network's subnets into a subnet pool.",
    schema: { type: 'object', properties: { network_id: { type: 'string', format: 'uuid' } }, required: ['network_id'] },
    answer: ONBOARDED,
    decode: decodeOnboard,
  },
  {
    name: 'add_addresses',
    kind: 'address_group',
    doc: 'Adds prefixes to an address group.',
    schema: listSchema('addresses', addressList),
    decode: (body) => decodeList(unwrapped(body), 'addresses', addressList),
  },
  {
    name: 'remove_addresses',
    kind: 'address_group',
    doc: 'Takes prefixes from an address group.',
    schema: listSchema('addresses', addressList),
    decode: (body) => decodeList(unwrapped(body), 'addresses', addressList),
  },
];

function listSchema(name: string, rule: ValueRule = prefixList): Action['schema'] {
  return { type: 'object', properties: { [name]: rule.schema }, required: [name] };
}

/** Clients send `{"addresses": [...]}` with or without `{"address_group": ...}` around it. */
function unwrapped(body: unknown): unknown {
  return isRecord(body) && isRecord(body['address_group']) ? body['address_group'] : body;
}

function decodeList(body: unknown, name: string, rule: ValueRule = prefixList): Attributes | Problem {
  const given = isRecord(body) ? body[name] : undefined;
  if (!Array.isArray(given)) return invalid('Request body contains invalid data');
  const read = rule.read(given);
  if (isProblem(read)) return read;
  return 'value' in read ? { [name]: read.value } : invalid(`Invalid input for ${name}. Reason: ${read.reason}.`);
}

function decodeOnboard(body: unknown): Attributes | Problem {
  const id = isRecord(body) ? body['network_id'] : undefined;
  if (id === undefined || id === null) return invalid('network_id must be specified.');
  const read = uuid.read(id);
  return 'value' in read ? { network_id: read.value } : invalid(`'${shown(id)}' is not a valid UUID`);
}

function invalid(error_message: string): Problem {
  return problem('InvalidInput', { error_message });
}

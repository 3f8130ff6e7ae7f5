import { parseIp } from '@manx/ip';
import type { NftHook } from '@manx/render';
import type { ObservedChain, ObservedMap, ObservedSet, ObservedTable } from './host-facts.js';

const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

type Json = Readonly<Record<string, unknown>>;

/** What is known so far of the table that is being read. */
type Reading = {
  table: { family: ObservedTable['family']; name: string } | null;
  readonly sets: Map<string, ObservedSet>;
  readonly maps: Map<string, ObservedMap>;
  readonly meters: Map<string, string>;
  readonly counters: Set<string>;
  readonly chains: Map<string, ObservedChain & { readonly marks: Array<string | null> }>;
  isStrange: boolean;
};

/**
 * Reads the parsed answer of `nft -j list table FAMILY NAME` (libnftables-json(5)). Anything it does not understand is
 * reported so that it is written again, never as unchanged; null when the answer holds no table of ours.
 */
export function parseNftTable(json: unknown): ObservedTable | null {
  const reading: Reading = {
    table: null,
    sets: new Map(),
    maps: new Map(),
    meters: new Map(),
    counters: new Set(),
    chains: new Map(),
    isStrange: false,
  };
  const items = isObject(json) && Array.isArray(json['nftables']) ? (json['nftables'] as readonly unknown[]) : [];
  for (const item of items) readItem(item, reading);
  const { table, ...rest } = reading;
  return table === null ? null : { ...table, ...rest };
}

function readItem(item: unknown, reading: Reading): void {
  const [kind, body] = isObject(item) ? (Object.entries(item)[0] ?? []) : [];
  if (kind === 'metainfo') return;
  if (!isObject(body)) {
    reading.isStrange = true;
  } else if (kind === 'table') {
    const { family, name } = body;
    if (isFamily(family) && typeof name === 'string') reading.table = { family, name };
  } else if (kind === 'set') {
    readSet(body, reading);
  } else if (kind === 'map') {
    readMap(body, reading);
  } else if (kind === 'counter') {
    reading.counters.add(text(body['name']));
  } else if (kind === 'chain') {
    reading.chains.set(text(body['name']), { hook: hookOf(body), marks: [] });
  } else if (kind === 'rule') {
    const chain = reading.chains.get(text(body['chain']));
    if (chain === undefined) reading.isStrange = true;
    else chain.marks.push(typeof body['comment'] === 'string' ? body['comment'] : null);
  } else {
    reading.isStrange = true;
  }
}

const FAMILIES: readonly unknown[] = ['inet', 'ip', 'ip6', 'arp', 'netdev'] satisfies readonly ObservedTable['family'][];

function isFamily(family: unknown): family is ObservedTable['family'] {
  return FAMILIES.includes(family);
}

/** The name that our chains of a device have before the device's. */
const FROM_DEVICE = 'from-';

function hookOf(body: Json): NftHook | null {
  const { type, hook, prio, policy } = body;
  if (hook === undefined) return null;
  const device = deviceOf(body);
  const name = device === null ? text(hook) : `${text(hook)} device ${JSON.stringify(device)}`;
  // A type or policy that we never write differs from what is wanted, and so does one that is bound to another device.
  return { type: text(type) as NftHook['type'], hook: name, priority: Number(prio), policy: text(policy) as NftHook['policy'] };
}

/** Of one device nft 1.0.6 does not list the name; our chains of one are named for it. */
function deviceOf({ dev, hook, name }: Json): string | null {
  if (dev !== undefined) return Array.isArray(dev) && dev.length === 1 ? text(dev[0]) : text(dev);
  const chain = text(name);
  return hook === 'ingress' && chain.startsWith(FROM_DEVICE) ? chain.slice(FROM_DEVICE.length) : null;
}

function readSet(body: Json, reading: Reading): void {
  const elements = new Set<string>();
  const types = typesOf(body);
  // Only of those is the size said.
  if (flagsOf(body).includes('timeout') || body['size'] !== undefined) {
    reading.meters.set(text(body['name']), shapeOf(body, types));
    return;
  }
  for (const element of elementsOf(body)) {
    const key = keyText(element, types);
    if (key === null) reading.isStrange = true;
    else elements.add(key);
  }
  reading.sets.set(text(body['name']), { shape: shapeOf(body, types), elements });
}

function readMap(body: Json, reading: Reading): void {
  const elements = new Map<string, string>();
  const types = typesOf(body);
  for (const element of elementsOf(body)) {
    const pair = Array.isArray(element) ? (element as readonly unknown[]) : [];
    const key = keyText(pair[0], types);
    const value = valueText(pair[1], text(body['map']).split(' . '));
    if (key === null || value === null) reading.isStrange = true;
    else elements.set(key, value);
  }
  reading.maps.set(text(body['name']), { shape: shapeOf(body, types), elements });
}

/** As `setShape` says it, and everything else that the kernel reports of the set: what we never set makes it another shape. */
function shapeOf(body: Json, types: readonly string[]): string {
  const { family, name, table, handle, comment, type, elem, map, flags, stmt, ...rest } = body;
  void [family, name, table, handle, comment, type, elem, flags, stmt];
  const value = map === undefined ? '' : ` : ${text(map)}`;
  const others = Object.keys(rest).length === 0 ? [] : [JSON.stringify(rest)];
  return [`${types.join(' . ')}${value}`, ...flagsOf(body).sort(), ...others].join(' | ');
}

/** Without `dynamic`, which only newer versions of nft list. */
function flagsOf({ flags }: Json): string[] {
  const listed = Array.isArray(flags) ? flags.map(text) : flags === undefined ? [] : [text(flags)];
  return listed.filter((flag) => flag !== 'dynamic');
}

function typesOf(body: Json): string[] {
  const { type } = body;
  return Array.isArray(type) ? type.map(text) : [text(type)];
}

function elementsOf(body: Json): readonly unknown[] {
  return Array.isArray(body['elem']) ? (body['elem'] as readonly unknown[]) : [];
}

function keyText(element: unknown, types: readonly string[]): string | null {
  const fields = isObject(element) && Array.isArray(element['concat']) ? (element['concat'] as readonly unknown[]) : [element];
  if (fields.length !== types.length) return null;
  const texts = fields.map((field, i) => fieldText(field, types[i] ?? ''));
  return texts.some((one) => one === null) ? null : texts.join(' . ');
}

function fieldText(field: unknown, type: string): string | null {
  // Where the host does not know the names of protocols nft gives their numbers.
  if (typeof field === 'number') return numberText(field, type);
  if (typeof field === 'string') {
    if (type === 'ifname') return `"${field}"`;
    return type === 'ipv4_addr' || type === 'ipv6_addr' ? (parseIp(field) ?? field) : field;
  }
  if (!isObject(field)) return null;
  const { prefix, range } = field;
  if (isObject(prefix)) return `${fieldText(prefix['addr'], type)}/${text(prefix['len'])}`;
  return Array.isArray(range) && range.length === 2 ? `${fieldText(range[0], type)}-${fieldText(range[1], type)}` : null;
}

function numberText(number: number, type: string): string | null {
  if (type === 'integer') return Number.isSafeInteger(number) ? `0x${number.toString(16)}` : null;
  return type === 'inet_proto' ? (PROTOCOL_NAMES[number] ?? String(number)) : String(number);
}

function valueText(value: unknown, types: readonly string[]): string | null {
  if (isObject(value) && Array.isArray(value['concat'])) return keyText(value, types);
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const [verdict, to] = isObject(value) ? (Object.entries(value)[0] ?? []) : [];
  if (verdict === undefined) return null;
  return isObject(to) ? `${verdict} ${text(to['target'])}` : verdict;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? '');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
